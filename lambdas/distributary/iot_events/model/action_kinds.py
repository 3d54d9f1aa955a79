"""The thirteen kinds of action of a detector model, as a table: each member's name and how its text is meant."""

import re
from typing import Literal, NamedTuple

from distributary.iot_events.expression.errors import ExpressionError
from distributary.iot_events.expression.evaluate import Declared, Expression, compile_expression

Form = Literal["name", "literal", "expression", "topic", "word", "integer", "boolean"]
"""`word`: a constant of AWS's, bare or as an expression. `topic`: literal or expression, see `is_literal`."""


class Member(NamedTuple):
    """One member of an action; in `iotSiteWise` a dotted name leads into its objects."""

    name: str
    form: Form
    required: bool = False
    words: tuple[str, ...] = ()
    default: str | None = None


def _required(form: Form, *names: str) -> tuple[Member, ...]:
    return tuple(Member(name, form, required=True) for name in names)


def _optional(form: Form, *names: str) -> tuple[Member, ...]:
    return tuple(Member(name, form) for name in names)


_KEY_TYPES = ("STRING", "NUMBER")
_VALUE = "propertyValue.value."
_TIME = "propertyValue.timestamp."

ACTION_KINDS: dict[str, tuple[Member, ...]] = {
    "setVariable": (*_required("name", "variableName"), *_required("expression", "value")),
    "setTimer": (
        *_required("name", "timerName"),
        *_optional("integer", "seconds"),
        *_optional("expression", "durationExpression"),
    ),
    "clearTimer": _required("name", "timerName"),
    "resetTimer": _required("name", "timerName"),
    "sns": _required("literal", "targetArn"),
    "sqs": (*_required("literal", "queueUrl"), *_optional("boolean", "useBase64")),
    "lambda": _required("literal", "functionArn"),
    "firehose": (*_required("literal", "deliveryStreamName"), *_optional("literal", "separator")),
    "iotTopicPublish": _required("topic", "mqttTopic"),
    "iotEvents": _required("literal", "inputName"),
    "dynamoDB": (
        *_required("expression", "tableName", "hashKeyField", "hashKeyValue"),
        Member("hashKeyType", "word", words=_KEY_TYPES, default="STRING"),
        *_optional("expression", "rangeKeyField", "rangeKeyValue"),
        Member("rangeKeyType", "word", words=_KEY_TYPES),
        Member("operation", "word", words=("INSERT", "UPDATE", "DELETE"), default="INSERT"),
        Member("payloadField", "expression", default="'payload'"),
    ),
    "dynamoDBv2": _required("expression", "tableName"),
    "iotSiteWise": (
        *_optional("expression", "entryId", "assetId", "propertyId", "propertyAlias"),
        *_optional("expression", *(_VALUE + kind for kind in ("stringValue", "integerValue"))),
        *_optional("expression", *(_VALUE + kind for kind in ("doubleValue", "booleanValue"))),
        *_optional("expression", _TIME + "timeInSeconds", _TIME + "offsetInNanos"),
        Member("propertyValue.quality", "word", words=("GOOD", "BAD", "UNCERTAIN")),
    ),
}
INTERNAL = frozenset({"setVariable", "setTimer", "clearTimer", "resetTimer"})
"""Actions on the detector itself; all others are effects, and all of those but iotSiteWise carry a payload."""
WITHOUT_PAYLOAD = INTERNAL | {"iotSiteWise"}
SEPARATORS = ("\n", "\t", "\r\n", ",")

_TOPIC_CHARACTERS = re.compile(r"[A-Za-z0-9_/.\-]+")


def is_literal(member: Member, text: str) -> bool:
    """Whether the text stands for itself: a topic of topic characters alone, or one that parses as nothing else."""
    if member.form == "topic":
        return bool(_TOPIC_CHARACTERS.fullmatch(text)) or not _parses(text)
    return member.form != "expression" and (member.form != "word" or text in member.words)


def _parses(text: str) -> bool:
    try:
        compile_expression(text)
    except ExpressionError:
        return False
    return True


def compile_member(member: Member, text: str, *, declared: Declared | None = None) -> str | Expression:
    """The member's own text, or the expression that gives it; ExpressionError for a text that is neither."""
    return text if is_literal(member, text) else compile_expression(text, declared=declared)
