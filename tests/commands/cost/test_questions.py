import argparse
from types import SimpleNamespace

import pytest

from commands.cost import questions
from commands.cost.load import Load


def options(*flags: str) -> argparse.Namespace:
    """What the flags say."""
    parser = argparse.ArgumentParser()
    questions.add_load_arguments(parser)
    return parser.parse_args(flags)


@pytest.fixture
def terminal(monkeypatch):
    """Stdin is a terminal."""
    monkeypatch.setattr(questions, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))


def refuse(question: str) -> str:
    """Nobody is asked."""
    raise AssertionError(question)


def test_flags_are_the_load(terminal) -> None:
    """Whatever is not said is the default, and nobody is asked."""
    given = ("--per-second", "200", "--batch", "25", "--sinks", "kinesis,firehose", "--detectors", "2")
    more = ("--retention", "24", "--front", "function-url", "--kinesis", "provisioned", "--log-sample", "1")

    assert questions.load_of(options(*given, *more), refuse) == Load(
        per_second=200,
        batch=25,
        sinks=("kinesis", "firehose"),
        detectors=2,
        retention_hours=24,
        front="function-url",
        kinesis_mode="provisioned",
        log_sample=1,
    )


def test_a_terminal_is_asked_until_it_says_something_right(terminal, capsys) -> None:
    """Nothing typed is the default; what cannot be read is asked again, with the reason."""
    typed = iter(["200", "", "many", "0", "25", "kafka", "kinesis", "-1", "", "24"])
    load = questions.load_of(options(), lambda _: next(typed))

    assert load == Load(per_second=200, batch=25, sinks=("kinesis",), retention_hours=24)
    assert "kafka: must be of firehose, kinesis, iot_events" in capsys.readouterr().out


def test_without_a_terminal_it_is_the_default(monkeypatch) -> None:
    """As in CI."""
    monkeypatch.setattr(questions, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: False)))

    assert questions.load_of(options(), refuse) == Load()


@pytest.mark.parametrize("flags", [("--batch", "0"), ("--sinks", "kafka"), ("--log-sample", "2"), ("--size", "nan")])
def test_a_load_that_cannot_be_is_refused(flags, capsys) -> None:
    """By argparse, with the flag's name."""
    with pytest.raises(SystemExit):
        options(*flags)

    assert flags[0] in capsys.readouterr().err
