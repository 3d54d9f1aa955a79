"""IAM's wildcards: `*` is any text, `?` is one character.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re
from functools import lru_cache

PARTS_OF_AN_ARN = 6


def matches(pattern: str, text: str) -> bool:
    """Whether the text matches the pattern, letter case included."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    return compiled(pattern).fullmatch(text) is not None


def matches_action(pattern: str, action: str) -> bool:
    """Whether the action (`service:Operation`) matches; letter case does not count."""
    return matches(pattern.lower(), action.lower())


def matches_arn(pattern: str, arn: str) -> bool:
    """Whether the ARN matches: part by part, since no wildcard reaches beyond a colon of the first five."""
    if pattern == "*" or ("*" not in pattern and "?" not in pattern):
        return pattern in ("*", arn)
    wanted, found = pattern.split(":", PARTS_OF_AN_ARN - 1), arn.split(":", PARTS_OF_AN_ARN - 1)
    return len(wanted) == len(found) and all(map(matches, wanted, found))


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern."""
    parts = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
    return re.compile("".join(parts), re.DOTALL)
