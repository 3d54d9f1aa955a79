from commands.cost.load import Load
from commands.cost.measured import Line, Measured
from commands.cost.screens import of_load, of_stage


def test_a_load_is_shown_by_line_item() -> None:
    """What is asked, each item, the month, levers and designs with their sources."""
    text = of_load(Load(per_second=200))

    assert text.startswith("200 events of 1,024 bytes a second, 1 in a request, to firehose, kinesis: 525.6 million")
    for words in ("HTTP API", "variable", "fixed", "All together: $", "send 25 events a request", "https://vector.dev"):
        assert words in text


def test_a_stage_without_events_has_no_price_of_a_million() -> None:
    """What it took is shown all the same, with what CloudWatch has no number of."""
    lines = [Line("endpoint", "Lambda, calls", 5_000_000, "calls", 1.0)]
    known = {"stage": "prod", "days": 7, "requests": 0, "lines": lines, "fixed": 10.0, "silent": ["reads of Key"]}
    none, some = (of_stage(Measured(events=events, **known)) for events in (0, 2_000_000))

    assert "5,000,000 calls" in none
    assert "reads of Key" in none
    assert "  5.500" in some
    assert "5.500" not in none
