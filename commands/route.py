"""`make route`: what a stage's rules would make of an event, without a stack."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from commands.ending import ended

JSON, CLOUD_EVENT = "application/json", "application/cloudevents+json"
_WIDTH = 12


def main() -> int:
    """Print the plan of each event; 1 where one would be rejected."""
    arguments = _arguments()
    # Later: the CDK starts Node, which --help must not wait for.
    from distributary_cdk.configuration_file import faults_explained, read  # noqa: PLC0415
    from distributary_cdk.rule_plan import RulePlan  # noqa: PLC0415

    file = Path(arguments.config)
    with faults_explained(file):
        configuration = read(file, arguments.stage)
        plan = RulePlan(configuration)
    body = _body(arguments.event)
    query = f"type={quote(arguments.type)}" if arguments.type else ""
    answer = plan.of(body, arguments.content_type or _content_type(body), query)
    if "events" not in answer:
        sys.exit(f"{answer['code']}: {answer['detail']}")
    for entry in answer["events"]:
        print(*_lines(entry, configuration.rules), sep="\n")
    return 1 if answer["rejected"] else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make route", description=__doc__)
    parser.add_argument("event", help="a file, or the text of the body: JSON, or a CloudEvent in JSON")
    parser.add_argument("--stage", default="local", help="of distributary.toml (default local)")
    parser.add_argument("--config", default="distributary.toml", help="another configuration file")
    parser.add_argument("--type", default="", help="the CloudEvents type of events that bring none, as ?type=")
    parser.add_argument("--content-type", default="", help="of the body, where it is no JSON")
    return parser.parse_args()


def _body(event: str) -> bytes:
    """What the file holds; of what is no file, its own bytes."""
    if event.lstrip().startswith(("{", "[")):
        return event.encode()
    try:
        return Path(event).read_bytes()
    except OSError as error:
        sys.exit(f"EVENT is neither JSON nor a file that can be read: {error}")


def _content_type(body: bytes) -> str:
    """That of a CloudEvent for an object with `specversion`, else that of JSON."""
    try:
        value = json.loads(body)
    except ValueError:
        return JSON
    return CLOUD_EVENT if isinstance(value, dict) and "specversion" in value else JSON


def _lines(entry: Mapping[str, Any], rules: Any) -> Iterator[str]:
    which = f"event {entry['index']}"
    if entry["status"] == "rejected":
        error = entry["error"]
        yield f"{which}: rejected, {error['code']}: {error['detail']}"
        return
    when = rules[entry["rule"] - 1].get("when", "takes every event")
    yield f"{which}: rule {entry['rule']} ({when})"
    for sink, record in entry["sinks"].items():
        yield f"  {sink:<{_WIDTH}}{_record(record)}"


def _record(record: Mapping[str, Any]) -> str:
    if "skipped" in record:
        return f"skips it: {record['reason']}"
    members = [f"{name} {value}" for name, value in record.items() if name != "bytes"]
    return ", ".join([f"{record['bytes']} bytes", *members])


if __name__ == "__main__":
    sys.exit(ended(main))
