"""The Condition block of a policy statement, for the operators and the keys that this project's templates may use.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.iam.pattern import matches, matches_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Context = dict[str, tuple[str, ...]]  # condition key in lower case → values; an absent key has no entry

# Exactly what request.py and service.py give to a request wherever AWS does. A key beyond these is refused, because a
# condition on a key that nobody sets would be decided wrongly and silently.
KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
        "dynamodb:attributes",
        "dynamodb:returnvalues",
        "dynamodb:select",
        "iam:passedtoservice",
        "kms:encryptioncontext:aws:logs:arn",
        "kms:viaservice",
        "lambda:functionurlauthtype",
        "lambda:invokedviafunctionurl",
        "s3:tlsversion",
    }
)


class NotEvaluated(Exception):
    """A policy uses something that is not evaluated on this machine; the message names the place."""


def number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    """The comparison of the numbers that two texts are: of what the request has with what the policy has."""
    return lambda wanted, found: compare(float(found), float(wanted))


# Each takes the policy's value and the request's.
COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": operator.eq,
    "StringEqualsIgnoreCase": lambda wanted, found: wanted.lower() == found.lower(),
    "StringLike": matches,
    "ArnEquals": matches_arn,
    "ArnLike": matches_arn,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
    "NumericEquals": number(operator.eq),
    "NumericLessThan": number(operator.lt),
    "NumericLessThanEquals": number(operator.le),
    "NumericGreaterThan": number(operator.gt),
    "NumericGreaterThanEquals": number(operator.ge),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
}
IF_EXISTS = "IfExists"


@dataclass(frozen=True)
class Condition:
    """One key of one operator. `quantifier`: `ForAllValues`, `ForAnyValue`, or empty for a key with one value."""

    comparison: str
    key: str
    values: tuple[str, ...]
    negated: bool = False
    if_exists: bool = False
    quantifier: str = ""

    def holds(self, context: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether it is true of a request with this context."""
        found = context.get(self.key)
        if self.comparison == "Null":
            return (found is None) == (self.values[0].lower() == "true")
        if self.quantifier == "ForAllValues":
            return all(map(self._one, found or ()))
        if found is None:
            return self.if_exists or (self.negated and not self.quantifier)
        return any(map(self._one, found))

    def _one(self, found: str) -> bool:
        compare = COMPARISONS[self.comparison]
        return self.negated != any(compare(wanted, found) for wanted in self.values)


def conditions_of(block: Mapping[str, Mapping[str, Any]], place: str) -> Iterator[Condition]:
    """The conditions of a Condition block, all of which must hold. Raises NotEvaluated, which names the `place`."""
    for name, keys in block.items():
        quantifier, _, plain = name.rpartition(":")
        comparison = plain.removesuffix(IF_EXISTS)
        known = comparison in {*COMPARISONS, *NEGATED, "Null"} and quantifier in {"", "ForAllValues", "ForAnyValue"}
        if not known:
            raise NotEvaluated(f"{place}: the condition operator {name} is not evaluated here: see {__name__}")
        for key, values in keys.items():
            if key.lower() not in KEYS:
                raise NotEvaluated(f"{place}: the condition key {key} is not evaluated here: see {__name__}")
            yield Condition(
                comparison=NEGATED.get(comparison, comparison),
                key=key.lower(),
                values=tuple(text_of(value, place) for value in listed(values)),
                negated=comparison in NEGATED,
                if_exists=plain.endswith(IF_EXISTS),
                quantifier=quantifier,
            )


def listed(value: Any) -> list[Any]:
    """The value as a list: policies may leave the brackets out."""
    return list(value) if isinstance(value, list | tuple) else [value]


def text_of(value: Any, place: str) -> str:
    """A policy's value as text. Raises NotEvaluated for a policy variable such as `${aws:username}`."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "${" in text:
        raise NotEvaluated(f"{place}: the policy variable in {text} is not evaluated here: see {__name__}")
    return text
