"""What S3 refuses of a bucket's life-cycle rules, and in which words.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html and lifecycle-conflicts.html
there; the messages are those that users of S3 have quoted in public issues.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from local.aws.life_cycle_rule import ACTIONS, Members, Rule, is_midnight, when

WARM, WARM_DAYS = ("STANDARD_IA", "ONEZONE_IA"), 30
MOST_RULES = 1000
LONGEST_ID = 255


class Refusal(NamedTuple):
    """What S3 answers, with status 400."""

    code: str
    message: str


MALFORMED = Refusal(
    "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
)


def refusal(rules: Sequence[Members]) -> Refusal | None:
    """What S3 answers to PutBucketLifecycleConfiguration with these rules; None where it takes them."""
    return next(_refusals([Rule(one) for one in rules]), None)


def _refusals(rules: Sequence[Rule]) -> Iterator[Refusal]:
    if not 0 < len(rules) <= MOST_RULES or not all(rule.well_formed for rule in rules):
        yield MALFORMED
    yield from _of_ids([str(rule.members["ID"]) for rule in rules if rule.members.get("ID")])
    for rule in rules:
        yield from _of_actions(rule)
        yield from _of_numbers(rule)
        yield from _of_transitions(rule)
    yield from _of_prefixes(rules)
    by_filter: dict[str, list[Rule]] = {}
    for rule in rules:
        by_filter.setdefault(rule.where, []).append(rule)
    for where, alike in by_filter.items():
        yield from _of_order(where, alike)


def _of_ids(ids: list[str]) -> Iterator[Refusal]:
    if len(ids) != len(set(ids)):
        yield Refusal("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    if any(len(one) > LONGEST_ID for one in ids):
        yield Refusal("InvalidArgument", f"ID length should not exceed allowed limit of {LONGEST_ID}")


def _of_actions(rule: Rule) -> Iterator[Refusal]:
    if not any(rule.actions(name) for name in ACTIONS):
        yield Refusal("InvalidRequest", "At least one action needs to be specified in a rule")
    of_all = [name for name in ("ExpiredObjectDeleteMarker",) if any(name in one for one in rule.actions("Expiration"))]
    of_all += [name for name in ("AbortIncompleteMultipartUpload",) if rule.actions(name)]
    for name in of_all:
        for narrowed in rule.narrowed_by:
            yield Refusal("InvalidRequest", f"{name} cannot be specified with {narrowed}.")


def _of_numbers(rule: Rule) -> Iterator[Refusal]:
    for action in ("Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        name = next(name for name in ACTIONS[action] if "Days" in name)
        if any(when(one[name]) < 1 for one in rule.actions(action) if one.get(name) is not None):
            yield Refusal("InvalidArgument", f"'{name}' for {action} action must be a positive integer")
    for one in (*rule.actions("Expiration"), *rule.actions("Transition")):
        if one.get("Date") is not None and not is_midnight(one["Date"]):
            yield Refusal("InvalidArgument", "'Date' must be at midnight GMT")


def _of_transitions(rule: Rule) -> Iterator[Refusal]:
    moves = rule.actions("Transition")
    for one in (one for one in moves if one.get("Days") is not None):
        least = WARM_DAYS if one.get("StorageClass") in WARM else 0
        if when(one["Days"]) < least:
            must = (
                f"greater than or equal to {least} for storageClass '{one['StorageClass']}'" if least else "nonnegative"
            )
            yield Refusal("InvalidArgument", f"'Days' in Transition action must be {must}")
    if len({name for one in moves for name in ("Days", "Date") if one.get(name) is not None}) > 1:
        mixed = "Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule"
        yield Refusal("InvalidRequest", f"{mixed} for {rule.where}")
    for action in ("Transition", "NoncurrentVersionTransition"):
        classes = [one.get("StorageClass") for one in rule.actions(action)]
        if len(classes) != len(set(classes)):
            same = f"'StorageClass' must be different for '{action}' actions in same 'Rule'"
            yield Refusal("InvalidRequest", f"{same} with {rule.where}")


def _of_prefixes(rules: Sequence[Rule]) -> Iterator[Refusal]:
    """The older form, a prefix without a filter, is not mixed with the newer, and its prefixes may not overlap."""
    older = [(rule, rule.prefix) for rule in rules if rule.prefix is not None]
    if 0 < len(older) < len(rules):
        newer_first = "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter."
        first_is_older = rules[0].prefix is not None
        yield Refusal(
            "InvalidRequest", "Filter element can only be used in Lifecycle V2." if first_is_older else newer_first
        )
    for (one, prefix), (other, longer) in combinations(sorted(older, key=lambda each: len(each[1])), 2):
        for action in ACTIONS:
            if longer.startswith(prefix) and one.actions(action) and other.actions(action):
                which = f"prefixes '{prefix}' and '{longer}' for same action type '{action}'"
                yield Refusal("InvalidRequest", f"Found overlapping {which}")


def _of_order(where: str, rules: Sequence[Rule]) -> Iterator[Refusal]:
    """Of rules with the same filter, which S3 looks at together: what expires does so after it has moved."""
    for version, names in (("", ("Days", "Date")), ("NoncurrentVersion", ("NoncurrentDays",))):
        ends, moves = (
            [
                (name, when(one[name]))
                for rule in rules
                for one in rule.actions(f"{version}{action}")
                for name in names
                if one.get(name) is not None
            ]
            for action in ("Expiration", "Transition")
        )
        for (name, end), (other, move) in ((end, move) for end in ends for move in moves):
            if name != other:
                mixed = "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule"
                yield Refusal("InvalidRequest", f"{mixed} for {where}")
            elif end <= move:
                later = f"must be greater than '{name}' in the {version}Transition action"
                yield Refusal("InvalidArgument", f"'{name}' in the {version}Expiration action for {where} {later}")
