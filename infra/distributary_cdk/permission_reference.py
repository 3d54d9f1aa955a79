"""Made from a template: the page of what each role may do in IAM."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PAGE = Path("docs/reference/permissions.md")

_HEAD = """\
# Permissions

What each role of stage `prod` may do, as the template has it. A function's role has its function's
name. Resources are named by their logical ids, without the hash that ends each.
This page is generated from the template (`make reference`).

A permission is made where its resource is made (`infra/distributary_cdk/`, calls of `allow`). Those
of detector models' actions are in `infra/distributary_cdk/action_grants.py`. The local stack checks
each call of a function against them, and a test refuses a permission that no call needed
(`tests/deployed/test_permissions.py`).
"""
_HASH = re.compile(r"[0-9A-F]{8}$")


def page(template: Mapping[str, Any]) -> str:
    """The page in Markdown: a section for each role, in the template's order."""
    resources = template["Resources"]
    roles: dict[str, list[dict[str, Any]]] = {
        name: [] for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"
    }
    for name in roles:
        for policy in resources[name]["Properties"].get("Policies", ()):
            roles[name] += policy["PolicyDocument"]["Statement"]
    for one in resources.values():
        if one["Type"] == "AWS::IAM::Policy":
            for role in one["Properties"]["Roles"]:
                roles[role["Ref"]] += one["Properties"]["PolicyDocument"]["Statement"]
    return "\n".join([_HEAD, *(line for name, found in roles.items() for line in _section(name, found))])


def _section(role: str, statements: list[dict[str, Any]]) -> Iterator[str]:
    yield f"## {_plain(role).removesuffix('Role')}\n"
    yield "| may | on | if |\n|---|---|---|"
    for one in statements:
        actions = ", ".join(f"`{action}`" for action in _list(one["Action"]))
        places = ", ".join(f"`{_text(resource)}`" for resource in _list(one["Resource"]))
        yield f"| {actions} | {places} | {_condition(one.get('Condition', {}))} |"
    yield ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(name: str) -> str:
    return _HASH.sub("", name)


def _text(value: Any) -> str:
    """A resource or a value, with what only the deployment knows by its name."""
    if isinstance(value, str):
        return value
    [(function, rest)] = value.items()
    if function == "Fn::Join":
        return "".join(map(_text, rest[1]))
    name = rest if function == "Ref" else rest[0]
    return f"<{name.rpartition('::')[2]}>" if name.startswith("AWS::") else _plain(name)


def _condition(conditions: Mapping[str, Mapping[str, Any]]) -> str:
    found = [
        f"`{key}` {operator} {', '.join(f'`{_text(value)}`' for value in _list(values))}"
        for operator, one in conditions.items()
        for key, values in one.items()
    ]
    return "; ".join(found)


def main(template: Path) -> int:
    """Write the page of this template into the checkout. 0: that is done."""
    PAGE.write_text(page(json.loads(template.read_text(encoding="utf-8"))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
