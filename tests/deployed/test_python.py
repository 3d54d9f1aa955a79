import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import LocalStack
from tests.conftest import SAID_BY_A_FUNCTION

NAME = "says-its-python"
SOURCE = "import os, sys\ndef handle(event, context): return [sys.version, os.environ['AWS_EXECUTION_ENV']]"


@pytest.fixture
def says_its_python(local: LocalStack) -> Iterator[Any]:
    """Invokes a function that is deployed beside the product's own, and runs as they do."""
    functions = local.aws.client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", SOURCE)
    ingest = functions.get_function(FunctionName=local.outputs["IngestFunctionName"])["Configuration"]
    functions.create_function(
        FunctionName=NAME,
        Runtime=ingest["Runtime"],
        Role=ingest["Role"],
        Handler="handler.handle",
        Code={"ZipFile": code.getvalue()},
    )
    yield lambda: json.loads(functions.invoke(FunctionName=NAME, Payload=b"{}")["Payload"].read())
    functions.delete_function(FunctionName=NAME)


def test_functions_run_on_the_python_that_was_found(says_its_python, local: LocalStack, record_property) -> None:
    """A function returns the version that was printed; it stands in the summary of the tests."""
    version, environment = says_its_python()

    record_property(SAID_BY_A_FUNCTION, version)
    assert version.split()[0] == local.interpreter.version
    assert environment == f"AWS_Lambda_python{local.interpreter.series}"
