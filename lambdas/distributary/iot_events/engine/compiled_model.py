"""A definition made ready to run: every expression compiled, every action a function, once per process."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from distributary.iot_events.engine.compiled_actions import make_act
from distributary.iot_events.engine.cycle import Cycle, Holds
from distributary.iot_events.engine.debug import traced
from distributary.iot_events.engine.state_events import EventRule, StateRules
from distributary.iot_events.expression.errors import Unevaluable
from distributary.iot_events.expression.evaluate import Declared, Expression, compile_expression
from distributary.iot_events.expression.functions import type_of
from distributary.iot_events.limits import AWS_LIMITS, Limits
from distributary.iot_events.model.definition import Definition, State, StateEvent
from distributary.iot_events.model.used_paths import Kept, inputs_of, kept_by_state
from distributary.iot_events.values import UNDEFINED


class Model:
    """A runnable detector model.

    `version` is the number that payloads and ids carry. `declared` restricts what may be read of inputs; `merge` lays a
    new payload over the last one of its input instead of replacing it.
    """

    def __init__(
        self,
        definition: Definition,
        *,
        version: str = "1",
        limits: Limits = AWS_LIMITS,
        declared: Declared | None = None,
        merge: bool = False,
    ) -> None:
        self.definition = definition
        self.name = definition.name
        self.version = version
        self.limits = limits
        self.merge = merge
        self.serial = definition.method == "SERIAL"
        self._declared = declared

    @cached_property
    def states(self) -> dict[str, StateRules]:
        """Each state by its name."""
        return {state.name: self._rules(state) for state in self.definition.states}

    @cached_property
    def traced_states(self) -> dict[str, StateRules]:
        """The same, each condition noting in the cycle's trace what it came to."""
        return {name: traced(rules) for name, rules in self.states.items()}

    @cached_property
    def inputs(self) -> frozenset[str]:
        """The inputs whose messages reach this model."""
        return inputs_of(self.definition)

    @cached_property
    def kept(self) -> Mapping[str, Mapping[str, Kept | None]]:
        """What to keep of the last payloads, by state and input."""
        return kept_by_state(self.definition, merge=self.merge)

    def _rules(self, state: State) -> StateRules:
        groups = zip(("OnEnter", "OnInput", "OnInput", "OnExit"), state.groups(), strict=True)
        return StateRules(*(tuple(self._rule(event, state.name, cycle) for event in group) for cycle, group in groups))

    def _rule(self, event: StateEvent, state: str, life_cycle: str) -> EventRule:
        acts = [
            make_act(action, event=event.name, state=state, limits=self.limits, declared=self._declared)
            for action in event.actions
        ]
        trace = {
            "eventName": event.name,
            "state": state,
            "lifeCycle": life_cycle,
            "hasTransition": event.next_state is not None,
        }
        return EventRule(self._holds(event), tuple(acts), event.next_state, trace)

    def _holds(self, event: StateEvent) -> Holds | None:
        if event.condition is None or event.condition == "true":
            return None
        return _condition(compile_expression(event.condition, declared=self._declared), event)


def _condition(expression: Expression, event: StateEvent) -> Holds:
    run = expression.run
    where = {"eventName": event.name, "path": event.path}

    def holds(cycle: Cycle) -> bool:
        try:
            value = run(cycle)
            if value is not True and value is not False:
                _refuse_other(value, expression)
        except Unevaluable as problem:
            text = str(Unevaluable(problem.reason, problem.column, expression.text))
            cycle.log("ERROR", f"condition is false: {text}", **where)
            return False
        if cycle.remarks:
            cycle.flush_remarks(expression.text, **where)
        return value is True

    return holds


def _refuse_other(value: Any, expression: Expression) -> None:
    if value is not UNDEFINED and value is not None:
        raise Unevaluable(f"a condition is a Boolean, not {type_of(value)}", expression.tree.column)
