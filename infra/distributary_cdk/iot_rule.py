"""Topic rules of IoT Core that feed inputs: a row of `[[iot_rules]]` each, checked, and their SQL as it is deployed."""

import re
from collections.abc import Iterator

from distributary.iot_events.topic_rule import MESSAGE_ID_MEMBER
from distributary_cdk.props import props

# https://docs.aws.amazon.com/iot/latest/apireference/API_CreateTopicRule.html; Lambda has no alias of digits.
_NAME = re.compile("[a-zA-Z][a-zA-Z0-9_]{0,127}")
# What can hide a FROM: strings, quoted names, and what stands in brackets.
_TOKEN = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[()\[\]{}]|\bFROM\b""", re.IGNORECASE)
_HEAD = re.compile(r"\s*SELECT\s+", re.IGNORECASE)
_FILTER = re.compile(r"""\s+('[^']+'|"[^"]+")""")
_TEMPLATE = re.compile(r"\$\{([^{}]+)\}|([a-zA-Z0-9_-]+)")


@props
class IotRule:
    """One row: a rule of this stack with its `sql`, or one of the owner's own that stands `outside` of it."""

    name: str = ""
    """The topic rule's name, unique in the account and region."""
    input: str = ""
    """The input that gets the messages."""
    sql: str = ""
    """The rule's SQL, version 2016-03-23."""
    message_id: str = ""
    """A substitution template, as in `${newuuid()}`; without it each message gets a new id."""
    batch: bool = False
    """An array is a message for each of its elements; not together with `message_id`."""
    outside: bool = False
    """Without `sql`: a rule of your own, which calls the function's alias of this name."""

    @property
    def statement(self) -> str:
        """The SQL to deploy: the Lambda action has no messageId, so the SELECT brings it as one more member."""
        if not self.message_id:
            return self.sql
        end = _from(self.sql)
        return f"{self.sql[:end].rstrip()}, {_expression(self.message_id)} AS {MESSAGE_ID_MEMBER} {self.sql[end:]}"

    def faults(self) -> Iterator[str]:
        """What is missing or contradicts itself, by setting."""
        return _faults(self)


def _faults(rule: IotRule) -> Iterator[str]:
    if not _NAME.fullmatch(rule.name):
        yield f"name = {rule.name!r}: must be a letter and then letters, digits and _, at most 128 in all"
    if not rule.input:
        yield "input: is missing"
    if bool(rule.sql) == rule.outside:
        yield "sql: a rule of this stack needs one, one that is outside has its own"
    elif rule.sql and _from(rule.sql) < 0:
        yield f"sql = {rule.sql!r}: must be SELECT … FROM 'topic filter' …"  # noqa: S608 - no database runs it
    if rule.message_id:
        yield from (f"message_id = {rule.message_id!r}: {fault}" for fault in _faults_of_id(rule))


def _faults_of_id(rule: IotRule) -> Iterator[str]:
    if rule.batch:
        yield "is not for batch = true, where each message gets an id of its own"
    if rule.outside:
        yield f"of a rule that is outside belongs into its own SQL, AS {MESSAGE_ID_MEMBER}"
    if _TEMPLATE.sub("", rule.message_id):
        yield "must be made of letters, digits, _, - and ${expression}"
    if rule.sql and _HEAD.sub("", rule.sql, count=1)[:6].upper() == "VALUE ":
        yield "needs a SELECT of members: one of VALUE has none"


def _from(sql: str) -> int:
    """Where the statement's own FROM stands; -1 for what is no statement."""
    head = _HEAD.match(sql)
    depth = 0
    for token in _TOKEN.finditer(sql, head.end()) if head else ():
        depth += (token[0] in "([{") - (token[0] in ")]}")
        if token[0].upper() == "FROM" and not depth and head and sql[head.end() : token.start()].strip():
            return token.start() if _FILTER.match(sql, token.end()) else -1
    return -1


def _expression(template: str) -> str:
    """A substitution template as an expression of the SQL."""
    terms = [found[1] or f"'{found[2]}'" for found in _TEMPLATE.finditer(template)]
    return terms[0] if len(terms) == 1 else f"concat({', '.join(terms)})"
