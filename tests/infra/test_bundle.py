import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from any_settings import any_settings
from botocore import xform_name

from distributary.aws.clients import Clients
from distributary.errors import BadDefinition
from distributary_cdk.bundle import LAMBDAS, SERVICES, bundle, digest, is_native, write
from distributary_cdk.function import environment_of

FOLDERS = sorted(handler.parent for handler in LAMBDAS.glob("*/handler.py"))
CONFIGURATION = json.loads((Path(__file__).parents[1] / "cases/function_configuration.json").read_text())


@pytest.fixture(scope="module")
def files():
    """The asset of one function."""
    return bundle(LAMBDAS / "ingest", CONFIGURATION)


def test_what_is_bundled(files):
    """The function's modules, its configuration, the library and its dependencies, each at the top; nothing else."""
    top = {name.partition("/")[0] for name in files}

    assert top == {
        *{"handler.py", "configuration.json", "distributary", "__pycache__"},
        *{"aws_lambda_powertools", "botocore", "dateutil", "jmespath", "six.py", "typing_extensions.py", "urllib3"},
    }
    assert json.loads(files["configuration.json"]) == CONFIGURATION


def test_the_library_is_bundled_whole(files):
    """Every module of the library is bundled, and every service model it brings."""
    library = LAMBDAS / "distributary"
    wanted = [
        *library.rglob("*.py"),
        *(library / "aws" / "service_models").rglob("*.json"),
        *(library / "aws" / "service_models").rglob("*.gz"),
    ]

    assert {path.relative_to(LAMBDAS).as_posix() for path in wanted} <= set(files)


def test_what_is_left_out(files):
    """No tests, no package metadata, no type stubs, no documentation; of compiled Python the runtime's alone."""
    endings = {Path(name).suffix for name in files}

    assert endings == {".py", ".pyc", ".json", ".gz", ".pem"}
    assert not [name for name in files if "dist-info" in name or "/tests/" in name]
    assert not [name for name in files if name.endswith(".pyc") and not name.endswith(".cpython-314.pyc")]


def test_services(files):
    """Of botocore's services only those that we call are bundled, with model and endpoint rules."""
    data = [name.split("/")[2:] for name in files if name.startswith("botocore/data/")]

    assert {parts[0] for parts in data if len(parts) > 1} == set(SERVICES)
    assert {parts[0] for parts in data if len(parts) == 1} == {
        *{"_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"}
    }
    assert {parts[2] for parts in data if len(parts) > 1} == {"service-2.json.gz", "endpoint-rule-set-1.json.gz"}


def test_services_are_those_that_are_called():
    """Whatever the functions make a client of is in the bundle: from botocore, or a model of our own."""
    called = {
        call.args[0].value
        for path in LAMBDAS.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "make"
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    own = {path.name for path in (LAMBDAS / "distributary" / "aws" / "service_models").iterdir()}

    assert called - own == set(SERVICES)


def test_operations_are_those_of_aws():
    """What `call` is given is a method of some service's client: a slip would be found by AWS alone."""
    called = {
        call.args[0].attr
        for path in LAMBDAS.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "call"
        if isinstance(call.args[0], ast.Attribute) and not call.args[0].attr.startswith("_")
    }
    session = Clients({"AWS_REGION": "eu-west-1"})._session
    models = [session.get_service_model(name) for name in (*SERVICES, "iotevents-data")]
    known = {xform_name(operation) for model in models for operation in model.operation_names}

    assert {"put_records", "get_item", "get_secret_value", "put_object"} <= called
    assert called <= known


@pytest.mark.parametrize(
    "name", ["x.so", "x.so.1", "x.cpython-314-aarch64-linux-gnu.so", "lib/x.pyd", "x.dll", "x.dylib", "x.a", "x.node"]
)
def test_native_by_name(name):
    """A compiled extension is known by its name."""
    assert is_native(name, b"")


@pytest.mark.parametrize("content", [b"\x7fELF\x02", b"MZ\x90", b"\xcf\xfa\xed\xfe\x07"])
def test_native_by_content(content):
    """A program or library is known by how it starts, whatever it is called."""
    assert is_native("innocent.py", content)


@pytest.mark.parametrize(("name", "content"), [("handler.py", b"import os"), ("solar.json", b"{}"), ("ca.pem", b"")])
def test_not_native(name, content):
    """Text and data run everywhere."""
    assert not is_native(name, content)


def test_native_code_is_refused(tmp_path):
    """A bundle with native code in it is refused, with the file's name."""
    (tmp_path / "handler.py").write_bytes(b"\x7fELF and so on")

    with pytest.raises(BadDefinition, match=r"handler\.py: native code"):
        bundle(tmp_path, {})


def test_python_compiled_elsewhere_is_not_bundled(tmp_path):
    """What Python leaves beside the sources when it runs them changes nothing."""
    (tmp_path / "handler.py").write_text("x = 1")
    before = digest(bundle(tmp_path, {}))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "handler.cpython-314.pyc").write_bytes(b"compiled")
    (tmp_path / "notes.txt").write_text("do not ship")

    assert digest(bundle(tmp_path, {})) == before


def test_digest():
    """The same files have the same digest in any order; another name, content or border between them has another."""
    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
    others = [{"a": b"1", "b": b"3"}, {"a": b"1", "c": b"2"}, {"a": b"12", "b": b""}, {"a": b"1"}, {"a": b"1b\x002"}]
    assert len({digest(files) for files in [{"a": b"1", "b": b"2"}, *others]}) == 6


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_handler_runs_from_its_bundle_alone(folder, tmp_path):
    """Each handler can be imported with nothing but its bundle, the standard library and its settings."""
    write(bundle(folder, CONFIGURATION), tmp_path)
    region = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    credentials = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    program = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import handler; print(callable(handler.handle))"

    command = [sys.executable, "-I", "-S", "-c", program]
    environment = {
        **environment_of(folder.name, any_settings()),
        **region,
        **credentials,
        "PATH": os.environ["PATH"],
    }
    run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (run.stdout.strip(), run.returncode) == ("True", 0), run.stderr
