import pytest
from mutants.page import PAGE, Survivors, change, page, recorded, rows

ROWS = Survivors(
    [
        {"module": "one", "is": ["x + 2", "strict=None"], "reason": "anywhere"},
        {"module": "one", "functions": ["f"], "is": ["x - 1"], "reason": "in f"},
        {"module": "three", "is": [""], "reason": "left out"},
    ]
)


@pytest.mark.parametrize(
    ("module", "function", "text", "reason"),
    [
        ("one", "g", "return x + 2", "anywhere"),
        ("one", "f", "return x - 1", "in f"),
        ("one", "g", "return x - 1", None),
        ("two", "f", "return x - 1", None),
        ("one", "f", "return x - 2", None),
        ("three", "f", "", "left out"),
        ("three", "f", "return x", None),
    ],
)
def test_a_reason_is_of_one_module_of_its_functions_and_of_a_part_of_the_line(module, function, text, reason) -> None:
    """Another module, another function or another change has none."""
    assert ROWS.why(module, {"function": function, "is": text}) == reason


def test_what_differs_is_shown_with_a_little_of_what_stands_around_it() -> None:
    """A short line is shown as it is, a long one by its change."""
    long = "a" * 40, "b" * 40

    assert change("a == b,", "") == "`` a == b, `` left out"
    assert change("a == b", "a != b") == "`` a == b `` → `` a != b ``"
    assert change("1".join(long), "2".join(long)) == " → ".join(
        f"`` …{'a' * 24}{number}{'b' * 24}… ``" for number in (1, 2)
    )


def test_a_survivor_without_a_reason_stands_out() -> None:
    """A row of counts for each module; each survivor with its reason, or the missing of one."""
    mutants = [{"function": "g", "was": "x + 1", "is": "x + 2"}, {"function": "g", "was": "x - 2", "is": "x - 1"}]
    result = {"date": "2026-01-31", "mutants": 9, "run": 8, "killed": 5, "endless": 1, "survivors": mutants}
    text = page({"one": result}, ROWS, ["one", "two"])

    assert "| `one` | 9 | 8 | 5 | 1 | 2 | 2026-01-31 |" in text
    assert "| `two` | not yet |" in text
    assert "- anywhere\n  - `g`: `` x + 1 `` → `` x + 2 ``" in text
    assert "- **No reason yet.**\n  - `g`: `` x - 2 `` → `` x - 1 ``" in text


def test_the_page_says_what_was_recorded() -> None:
    """docs/explanation/mutants.md is results.json and survivors.toml, and every survivor in it has a reason."""
    text = page(recorded(), Survivors.read(), rows())

    assert PAGE.read_text() == text
    assert "No reason yet" not in text
