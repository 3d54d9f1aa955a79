"""One of S3's life-cycle rules, by the names of the API, of the XML that it sends, or of a template."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

Members = Mapping[str, Any]

# Each action with the members of which it has exactly one.
ACTIONS = {
    "Expiration": ("Days", "Date", "ExpiredObjectDeleteMarker"),
    "Transition": ("Days", "Date"),
    "NoncurrentVersionExpiration": ("NoncurrentDays",),
    "NoncurrentVersionTransition": ("NoncurrentDays",),
    "AbortIncompleteMultipartUpload": ("DaysAfterInitiation",),
}
_NUMBER = re.compile(r"-?\d{1,10}")
_SIZES = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")


@dataclass(frozen=True)
class Rule:
    """A rule by its members. What may be repeated is a list under the API's name (`Transitions`) or the XML's."""

    members: Members

    def actions(self, name: str) -> list[Members]:
        """The rule's actions of that kind; one that the XML has empty is a mapping without members."""
        found = self.members.get(f"{name}s", self.members.get(name, []))
        return [one or {} for one in (found if isinstance(found, list) else [found])]

    @property
    def well_formed(self) -> bool:
        """Whether S3's schema has room for it."""
        choices = [(one, names) for action, names in ACTIONS.items() for one in self.actions(action)]
        values = [[(name, one[name]) for name in names if one.get(name) is not None] for one, names in choices]
        return (
            ("Filter" in self.members) != ("Prefix" in self.members)
            and self.members.get("Status") in {"Enabled", "Disabled"}
            and all(len(one) == 1 and _fits(*one[0]) for one in values)
        )

    @property
    def prefix(self) -> str | None:
        """The prefix of the older form; None in the newer one, which has a filter."""
        return (self.members["Prefix"] or "") if "Prefix" in self.members else None

    @property
    def narrowed_by(self) -> list[str]:
        """What the filter asks for beside a prefix, in the words of S3's messages."""
        asked = self._asked()
        tags, sizes = {"Tag", "Tags"} & asked.keys(), {*_SIZES} & asked.keys()
        return ["Tags"] * bool(tags) + ["Object Size"] * bool(sizes)

    @property
    def where(self) -> str:
        """The filter or prefix as S3's messages name it."""
        if self.prefix is not None:
            return f"prefix '{self.prefix}'"
        asked = self._asked()
        tags = asked.get("Tags", asked.get("Tag", []))
        parts = [f"prefix={asked['Prefix']}"] if asked.get("Prefix") else []
        listed = tags if isinstance(tags, list) else [tags]
        parts += [f"tag={{key={tag['Key']}, value={tag.get('Value') or ''}}}" for tag in listed]
        parts += [f"{name.lower()}={asked[name]}" for name in _SIZES if name in asked]
        return f"filter '({' and '.join(parts) or 'prefix='})'"

    def _asked(self) -> dict[str, Any]:
        asked = self.members.get("Filter") or {}
        return {**asked, **(asked.get("And") or {})}


def when(value: Any) -> float:
    """A number of days, or a date, as a number to compare."""
    return float(value) if _NUMBER.fullmatch(str(value)) else _date(value).timestamp()


def is_midnight(value: Any) -> bool:
    """Whether the date is a whole day of UTC."""
    return _date(value).time() == time()


def from_template(life_cycle: Members) -> list[dict[str, Any]]:
    """The API's rules for the `LifecycleConfiguration` of a template's bucket."""
    return [dict(_members(rule)) for rule in life_cycle["Rules"]]


def _fits(name: str, value: Any) -> bool:
    if name == "ExpiredObjectDeleteMarker":
        return True
    try:
        return bool(when(value) if name == "Date" else _NUMBER.fullmatch(str(value))) or name == "Date"
    except ValueError:
        return False


def _date(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


_EXPIRATION = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
_MOVES = {
    "Transition": {"TransitionInDays": "Days", "TransitionDate": "Date"},
    "NoncurrentVersionTransition": {"TransitionInDays": "NoncurrentDays"},
}


def _members(rule: Members) -> Iterator[tuple[str, Any]]:
    """In the newer form: CloudFormation hands on messages that name a filter, also for rules with a prefix."""
    yield "Status", rule["Status"]
    yield "Filter", _filter(rule)
    if "Id" in rule:
        yield "ID", rule["Id"]
    if expiration := {name: rule[key] for key, name in _EXPIRATION.items() if key in rule}:
        yield "Expiration", expiration
    for action, names in _MOVES.items():
        if moves := [*rule.get(f"{action}s", ()), *([rule[action]] if action in rule else [])]:
            yield f"{action}s", [{names.get(key, key): value for key, value in one.items()} for one in moves]
    if "NoncurrentVersionExpirationInDays" in rule:
        yield "NoncurrentVersionExpiration", {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    for action in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if action in rule:
            yield action, rule[action]


def _filter(rule: Members) -> dict[str, Any]:
    """The filter of a template's rule: what it asks for, under `And` where it is more than one thing."""
    tags = rule.get("TagFilters", [])
    asked = {name: rule[name] for name in ("Prefix", *_SIZES) if name in rule}
    if len(asked) + len(tags) > 1:
        return {"And": asked | ({"Tags": tags} if tags else {})}
    return asked | ({"Tag": tags[0]} if tags else {}) or {"Prefix": ""}
