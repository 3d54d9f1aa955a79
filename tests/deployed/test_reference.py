"""The examples of docs/reference/http-api.md, as they stand there."""

import re
from pathlib import Path

import pytest

from commands.post import request

PAGE = Path(__file__).parents[2] / "docs/reference/http-api.md"
_EXAMPLE = re.compile(
    r"^```http (?P<status>\d{3})\n(?P<head>.*?)(?:\n\n(?P<body>.*?))?\n```$", re.DOTALL | re.MULTILINE
)


def examples() -> list[re.Match[str]]:
    """Each request of the page with the status that it gets."""
    return list(_EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("example", examples(), ids=lambda one: f"{one['head'].splitlines()[0]} {one.start()}")
def test_the_examples_are_answered_as_the_page_has_it(stage, http, example) -> None:
    """With a key that may send every source."""
    [line, *fields] = example["head"].splitlines()
    method, path = line.split()
    headers = {**http.credential, **dict(field.split(": ", 1) for field in fields)}

    answer = request(stage.endpoint, method, path, headers=headers, body=(example["body"] or "").encode() or None)

    assert answer.status == int(example["status"]), answer.body


def test_the_page_has_examples() -> None:
    """Of each kind of body."""
    assert len(examples()) >= 6
