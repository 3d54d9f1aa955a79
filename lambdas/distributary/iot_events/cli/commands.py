"""Two commands for whoever owns detector models: check files, and replay a log of messages against one."""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from distributary.errors import BadDefinition, DistributaryError
from distributary.iot_events.analysis.load import check_text, load_text
from distributary.iot_events.cli.replay import log_entries, replay
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.limits import AWS_LIMITS, Limits
from distributary.iot_events.model.definition import Definition
from distributary.iot_events.model.document_forms import declared_attributes
from distributary.iot_events.values import BadPayload, read_json

Write = Callable[[str], object]


def main(arguments: Sequence[str], write: Write) -> int:
    """Runs a command and returns its exit status: 1 where something is wrong with a file."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options, write))
    except (DistributaryError, OSError, UnicodeDecodeError) as fault:
        write(f"{fault}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m distributary.iot_events.cli", description=__doc__)
    commands = parser.add_subparsers(required=True)
    checking = commands.add_parser("check", help="say what is wrong with detector models, before they are deployed")
    checking.add_argument("files", nargs="+", type=Path, metavar="FILE")
    checking.add_argument("--inputs", nargs="*", type=Path, metavar="FILE", help="all inputs that exist")
    checking.set_defaults(run=_check)
    replaying = commands.add_parser("replay", help="run a log of messages through a model and print each cycle")
    replaying.add_argument("model", type=Path, metavar="MODEL")
    replaying.add_argument("messages", type=Path, metavar="MESSAGES", help="JSON lines, an array or requests")
    replaying.add_argument("--name", help="which model, where the file holds several")
    replaying.set_defaults(run=_replay)
    for command in (checking, replaying):
        command.add_argument("--parameters", type=Path, metavar="FILE", help="values of a template's parameters")
        command.add_argument("--key", help="the path that tells detectors apart, for a model without one")
        command.add_argument("--min-timer-seconds", type=int, default=AWS_LIMITS.min_timer_seconds)
    return parser


def _check(options: argparse.Namespace, write: Write) -> int:
    parameters, limits = _parameters(options.parameters), Limits(min_timer_seconds=options.min_timer_seconds)
    inputs = None if options.inputs is None else _inputs(options.inputs, parameters)
    levels: Counter[str] = Counter()
    for file in options.files:
        for level, line in _findings(file, options.key, parameters, limits, inputs):
            levels[level] += 1
            write(f"{file}: {line}\n")
    write(f"{len(options.files)} file(s): {levels['ERROR']} error(s), {levels['WARNING']} warning(s)\n")
    return 1 if levels["ERROR"] else 0


def _findings(
    file: Path,
    key: str | None,
    parameters: Mapping[str, Any],
    limits: Limits,
    inputs: Mapping[str, tuple[str, ...]] | None,
) -> list[tuple[str, str]]:
    try:
        checked = check_text(
            _text(file), name=_name(file), key=key, parameters=parameters, limits=limits, inputs=inputs
        )
    except BadDefinition as problem:
        return [("ERROR", f"ERROR {fault.removeprefix(f'{file}: ')}") for fault in problem.faults]
    return [(finding.level, f"{one.definition.name}: {finding}") for one in checked for finding in one.findings]


def _replay(options: argparse.Namespace, write: Write) -> int:
    limits = Limits(min_timer_seconds=options.min_timer_seconds)
    parameters = _parameters(options.parameters)
    found = load_text(
        _text(options.model), name=_name(options.model), key=options.key, parameters=parameters, limits=limits
    )
    model = Model(_chosen(found, options.name), limits=limits)
    for line in replay(model, log_entries(_text(options.messages))):
        write(f"{line}\n")
    return 0


def _chosen(found: Sequence[Definition], name: str | None) -> Definition:
    chosen = [one for one in found if name in {None, one.name}]
    if len(chosen) != 1:
        raise BadDefinition([f"choose one with --name: {', '.join(one.name for one in found)}"])
    return chosen[0]


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDefinition([f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}"]) from error


def _name(file: Path) -> str:
    """What a model without a name is called: its file's name up to the first dot."""
    return file.name.partition(".")[0]


def _parameters(file: Path | None) -> dict[str, Any]:
    """A template's parameters: `{name: value}`, the same under `Parameters`, or the AWS CLI's list."""
    if file is None:
        return {}
    try:
        values = read_json(_text(file))
        if isinstance(values, list):
            return {one["ParameterKey"]: one["ParameterValue"] for one in values}
        return dict(values.get("Parameters", values))
    except (BadPayload, KeyError, TypeError, ValueError, AttributeError):
        raise BadDefinition([f"{file}: no parameters in any form"]) from None


def _inputs(files: Sequence[Path], parameters: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        name: paths
        for file in files
        for name, paths in declared_attributes(_text(file), name=_name(file), parameters=parameters).items()
    }
