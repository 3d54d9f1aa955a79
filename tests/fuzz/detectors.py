"""`cd tests && python -m fuzz.detectors [EXPRESSIONS] [MODELS]`: random expressions, and random models with payloads.

No exception may come out but the documented ones, and nothing may take more than 100 ms of CPU; at least half of the
expressions must come to a value and half of the models pass the check, else the fuzz is not testing what it should.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from detector_cases import START, definition_of
from fuzz.grammar import VARIABLES, Grammar, model, payload

from distributary.errors import BadDefinition
from distributary.iot_events.analysis.load import load_text
from distributary.iot_events.detector_key import BadKey, key_value
from distributary.iot_events.engine.compiled_model import Model
from distributary.iot_events.engine.detector import Detector, read_detector, write_detector
from distributary.iot_events.engine.machine import InputMessage, Timers, step
from distributary.iot_events.expression.errors import ExpressionError, Unevaluable
from distributary.iot_events.expression.evaluate import compile_expression
from distributary.iot_events.expression.scope import Scope
from distributary.iot_events.values import BadPayload, read_json, read_object, write_json

MOST_SECONDS = 0.1
_STEPS = 6
_SCOPE = '{"n": 3, "d": 1.5, "s": "abc", "b": true, "list": [1, 2.5], "deep": {"a b": "x"}, "null": null}'


def scope() -> Scope:
    """What the random expressions can see."""
    variables = {name: read_json(value) if name == "d" else value for name, value in VARIABLES.items()}
    return Scope({"in": read_object(_SCOPE)}, variables, input="in", expired=frozenset({"t"}))


def evaluate(seed: int) -> str:
    """One random expression: what became of it, in a word."""
    random = Random(seed)  # noqa: S311 - no secret
    grammar = Grammar(random)
    try:
        compile_expression(grammar.expression(grammar.kind())).run(scope())
    except ExpressionError:
        return "no expression"
    except Unevaluable:
        return "invalid"
    return "value"


def run(seed: int) -> str:
    """One random model and some random messages: whether it passed the check."""
    random = Random(seed)  # noqa: S311 - no secret
    try:
        (definition,) = load_text(write_json(definition_of(model(random))), name="m")
    except BadDefinition:
        return "refused"
    ready, detectors, now = Model(definition), {}, START * 1000
    for number in range(_STEPS):
        now += random.choice([0, 1, 1_000, 59_999, 60_000, 200_000])
        message = _message(random, definition.key, number)
        if message is None:
            continue
        key, trigger = message
        detector = detectors.get(key, Detector(key))
        if random.random() < 0.2:
            detector, _ = step(ready, detector, Timers(), now)
        detector, _ = step(ready, detector, trigger, now, debug=random.random() < 0.1)
        kept = read_detector(write_detector(detector), key=key, created=detector.created, updated=detector.updated)
        assert kept == detector
        detectors[key] = kept
    return "ran"


def _message(random: Random, key: str | None, number: int) -> tuple[str | None, InputMessage] | None:
    try:
        read = read_object(payload(random))
        return key_value(key, read), InputMessage(random.choice(["in", "other"]), str(number), read)
    except (BadPayload, BadKey):
        return None


def fuzz(case: Callable[[int], str], count: int, start: int = 0) -> tuple[Counter[str], float]:
    """How many seeds had which outcome, and the longest CPU time of one."""
    outcomes: Counter[str] = Counter()
    longest = 0.0
    for seed in range(start, start + count):
        taken, outcome = _timed(case, seed)
        if taken > MOST_SECONDS:  # once more: the machine may have been busy with something else
            taken, outcome = _timed(case, seed)
        outcomes[outcome] += 1
        longest = max(longest, taken)
    return outcomes, longest


def _timed(case: Callable[[int], str], seed: int) -> tuple[float, str]:
    begin = time.process_time()
    outcome = case(seed)
    return time.process_time() - begin, outcome


def main(arguments: list[str]) -> int:
    """Fuzzes both, prints what came of it, and fails on what must not be."""
    counts = [int(one) for one in arguments] or [100_000, 10_000]
    failed = False
    plans: list[tuple[str, Any, str]] = [("expressions", evaluate, "value"), ("models", run, "ran")]
    for (what, case, good), count in zip(plans, counts, strict=False):
        outcomes, longest = fuzz(case, count)
        told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
        sys.stdout.write(f"{count} {what}: {told}; the longest took {longest * 1000:.1f} ms\n")
        failed |= longest > MOST_SECONDS or outcomes[good] * 2 < count
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
