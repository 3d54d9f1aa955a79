import pytest

from distributary.errors import SettingsError
from distributary_cdk.configuration_file import FILE, read, said
from distributary_cdk.file_faults import explained, located

FILE_TEXT = """source = "a"
[[rules]]
when  = "type = 'a'"
sinks = ["kinesis"]
[[rules]]
sinks = ["nosuch"]
[kinesis]
when = 1
"""


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("rules[0].when: equality is ==", 3),
        ("rules[1].sinks: 'nosuch' is none of …", 6),
        ("rules[1].when: …", 5),
        ("rules[0]: must be a table", 2),
        ("rules[7].when: …", None),
        ("kinesis.when: unknown", None),
        ("tests[0]: expected", None),
    ],
)
def test_a_fault_of_a_list_has_its_line(fault: str, line: int | None) -> None:
    """That of its key, else that of its table."""
    assert located(fault, FILE_TEXT) == (f"line {line}: {fault}" if line else fault)


@pytest.mark.parametrize(
    ("fault", "moved"),
    [
        ("kinesis.max_events: unknown; known are mode, shards", True),
        ("rules[0].max_events: is not one of when, sinks", True),
        ("stages.dev.kinesis.max_events: unknown; known are mode", True),
        ("kinesis.colour: unknown; known are mode, shards", False),
        ("max_event: unknown; known are max_events", False),
    ],
)
def test_a_setting_of_the_file_that_stands_in_a_table_is_recognised(fault: str, moved: bool) -> None:
    """TOML puts a line below a table into it: the commonest mistake in such a file."""
    hint = ". max_events is a setting of the file itself: write it above the first [table]"

    assert explained(fault, {"max_events"}) == (fault + hint if moved else fault)


@pytest.mark.parametrize(
    ("text", "cause", "line", "column"),
    [
        ('source = "a\n', "a quotation mark is missing in this line", 'source = "a', 12),
        ("a = 1\nsource = a\n", 'a text stands in quotes, as in name = "value"', "source = a", 10),
        ("a = 1\na = 2\n", "the key stands twice in its table", "a = 2", 6),
    ],
)
def test_what_is_no_toml_is_shown(tmp_path, text: str, cause: str, line: str, column: int) -> None:
    """The line, the place, and what is probably meant."""
    file = tmp_path / FILE.name
    file.write_text(text)

    with pytest.raises(SettingsError) as caught:
        read(file, "dev")

    [fault] = caught.value.faults
    first, shown, caret = fault.split("\n")
    assert first.startswith("distributary.toml: ")
    assert first.endswith(cause)
    assert (shown, caret) == (f"    {line}", f"    {' ' * (column - 1)}^")


def test_the_owner_reads_the_line(tmp_path) -> None:
    """As the synth prints it."""
    file = tmp_path / FILE.name
    file.write_text(FILE_TEXT + "[stages.dev]\n")

    with pytest.raises(SettingsError) as caught:
        read(file, "dev")

    assert "distributary.toml: line 3: rules[0].when: equality is ==" in said(caught.value, file)
