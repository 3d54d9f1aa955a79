import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from distributary_cdk import reference

ROOT = Path(__file__).parents[2]
SHIPPED = tomllib.loads((ROOT / "distributary.toml").read_text())


def test_both_files_are_current(tmp_path, monkeypatch):
    """What is committed is what the props say now: `make reference` writes it."""
    monkeypatch.chdir(tmp_path)

    assert reference.main() == 0
    for file in (reference.SCHEMA, reference.PAGE):
        assert file.read_text() == (ROOT / file).read_text(), f"{file} is old: make reference"


def test_the_schema_takes_the_shipped_file():
    """It is a schema, the shipped file names it, and fits."""
    Draft202012Validator.check_schema(reference.schema())

    Draft202012Validator(reference.schema()).validate(SHIPPED)
    assert (ROOT / "distributary.toml").read_text().startswith(f"#:schema ./{reference.SCHEMA}\n")


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"stage": "prod"},
        {"models": "detectors"},
        {"kinesis": {"shards": 0}},
        {"kinesis": {"stream": "arn"}},
        {"stages": {"dev": {"kinesis": {"mode": "fast"}}}},
        {"stages": {"dev": {"stages": {}}}},
        {"iot_rules": [{"topic": "a"}]},
    ],
)
def test_the_schema_refuses_what_the_props_refuse(wrong):
    """In a stage too; what only Python can give is no key of the file."""
    with pytest.raises(ValidationError):
        Draft202012Validator(reference.schema()).validate({**SHIPPED, **wrong})


def test_every_setting_is_described():
    """By the docstring of its prop."""
    schema = reference.schema()

    silent = [
        f"{kind}.{name}"
        for kind, table in schema["$defs"].items()
        for name, one in table["properties"].items()
        if not one.get("description") and "$ref" not in json.dumps(one)
    ]
    assert silent == []


def test_the_page_names_every_setting():
    """Each once in its own section."""
    page = (ROOT / reference.PAGE).read_text()

    for kind in reference.schema()["$defs"].values():
        for name in kind["properties"]:
            assert f"| `{name}` |" in page or f"{name}]`" in page, name
