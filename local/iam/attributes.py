"""The attributes that a DynamoDB request names: the values of the condition key `dynamodb:Attributes`.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

import re
from typing import Any

MAPS = (
    "Item",
    "Key",
    "ExclusiveStartKey",
    "Expected",
    "AttributeUpdates",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
)
EXPRESSIONS = (
    *("UpdateExpression", "ConditionExpression", "ProjectionExpression"),
    *("KeyConditionExpression", "FilterExpression"),
)
# A name at the start of a path: not a value (`:v`), not a member of a path (`a.b`), not a function (`size(`).
NAME = re.compile(r"(?<![:.\w#])(#?[A-Za-z_]\w*)(?!\w|\s*\()")
KEYWORDS = {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"}


def attribute_names(parameters: dict[str, Any]) -> set[str]:
    """The top-level attributes that an operation reads or writes, its keys among them."""
    names = {name for member in MAPS for name in parameters.get(member) or ()}
    names |= {name for key in parameters.get("Keys") or () for name in key}
    names |= {*(parameters.get("AttributesToGet") or ())}
    given = parameters.get("ExpressionAttributeNames") or {}
    for member in EXPRESSIONS:
        for name in NAME.findall(str(parameters.get(member) or "")):
            if name.upper() not in KEYWORDS:
                names.add(given.get(name, name))
    return names
