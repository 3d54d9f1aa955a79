"""The DEBUG record of a cycle, in the members that AWS IoT Events logged: why did it, or did it not, transition?"""

from dataclasses import replace
from typing import Any

from distributary.iot_events.engine.cycle import Cycle, InputMessage
from distributary.iot_events.engine.detector import Detector
from distributary.iot_events.engine.effects import LogRecord
from distributary.iot_events.engine.state_events import EventGroup, EventRule, StateRules
from distributary.iot_events.values import write_json


def traced(rules: StateRules) -> StateRules:
    """A state's rules, each condition noting in the cycle's trace what it came to."""
    return StateRules(*(tuple(_traced(rule) for rule in group) for group in rules.groups()))


def _traced(rule: EventRule) -> EventRule:
    def holds(cycle: Cycle) -> bool:
        seen = len(cycle.effects)
        result = rule.holds is None or rule.holds(cycle)
        failures = [one.text for one in cycle.effects[seen:] if isinstance(one, LogRecord) and one.level == "ERROR"]
        _note(rule, cycle, "Error" if failures else str(result), " ".join(failures))
        return result

    return replace(rule, holds=holds)


def note_skipped(cycle: Cycle, transitions: EventGroup, taken: EventRule) -> None:
    """Notes the transitions that were not looked at because of the one taken."""
    for rule in transitions[transitions.index(taken) + 1 :]:
        _note(rule, cycle, "Skipped", f"Skipped due to transition from {taken.trace['eventName']} event")


def _note(rule: EventRule, cycle: Cycle, result: str, details: str) -> None:
    if cycle.trace is not None:
        cycle.trace.append({"result": result, **rule.trace, "resultDetails": details})


def debug_record(before: Detector, after: Detector, cycle: Cycle) -> LogRecord:
    """What the cycle started from, saw and came to."""
    message = cycle.cause if isinstance(cycle.cause, InputMessage) else None
    fields: dict[str, Any] = {
        "timestamp": cycle.now,
        "context": "MessageEvaluation",
        "status": "Success",
        "messageId": message.id if message else None,
        "keyValue": before.key,
        "detectorModelName": cycle.model.name,
        "initialState": before.state,
        "initialVariables": dict(before.variables),
        "finalState": after.state,
        "finalVariables": dict(after.variables),
        "message": write_json(message.payload) if message else None,
        "messageType": "CUSTOMER_MESSAGE" if message else "TIMER",
        "conditionEvaluationResults": cycle.trace,
    }
    return LogRecord("DEBUG", "Summary of message evaluation", fields)
