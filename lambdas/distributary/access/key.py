"""Who may do what: a key's id and secret, or a JWT's claims, and the APIs, sinks and sources that they are for."""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from distributary.access.quota import Quota
from distributary.errors import BadEvent, Forbidden
from distributary.events import SinkName

ApiName = Literal["events", "aws", "iot_events"]
"""`/v1/events`; the AWS wire of the two streams at `/`; the IoT Events Data API."""
API_NAMES: tuple[ApiName, ...] = ("events", "aws", "iot_events")
DEFAULT_APIS = frozenset({"events", "iot_events"})
"""A producer's: what a key gets that is made without saying more. `aws` writes past rules and sources."""

Right = Literal["detectors:read", "detectors:manage"]
"""What the routes under `/detectors` ask for: describe and list; put into a state and delete. Neither is a default."""
RIGHTS: tuple[Right, ...] = ("detectors:read", "detectors:manage")

ANY_SOURCE = "*"
EVERY_SINK = frozenset({"*"})
"""The sinks of a key that may write to all that the stage has."""
RANDOM_BYTES = 10
"""Of a key id: 80 bits, so that no two ever meet."""

_MAX_SOURCE = 256
# Letters and digits only, 19 to 22 of them: what AWS SDKs take as an access key id (16 to 128 of [A-Za-z0-9_]).
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html
_KEY_ID = re.compile(r"DK([1-9][0-9]{0,3})[A-Z2-7]{16}")


def new_id(version: str, random: bytes) -> str:
    """A key id, `DK1` and 16 letters: `version` names the master secret that its secret is derived from."""
    return f"DK{version}{base64.b32encode(random).decode()}"


def version_of(key_id: str) -> str | None:
    """The version of the master secret that a key id carries; None where the id is none of ours."""
    match = _KEY_ID.fullmatch(key_id)
    return match[1] if match else None


def derive_secret(master_secret: str, key_id: str) -> str:
    """A key's secret: 43 characters of base64url, stored nowhere."""
    digest = hmac.digest(master_secret.encode(), key_id.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key, without its secret: times in seconds since 1970, `last_used` a day in UTC (`2026-11-22`)."""

    id: str
    name: str
    """The CloudEvents `source` of its events that bring none; always a source of its own."""
    doors: frozenset[str] = DEFAULT_APIS
    sinks: frozenset[str] = EVERY_SINK
    rights: frozenset[str] = frozenset()
    """Of `RIGHTS`: what it may do with detectors, whatever its APIs and sinks are."""
    sources: frozenset[str] = frozenset()
    """Further CloudEvents sources that it may send; `*` is any."""
    browser: bool = False
    """Whether it may stand in a URL (`?key=`), where pages, proxies and histories show it."""
    quota: Quota | None = None
    created: float = 0.0
    expires: float | None = None
    revoked: float | None = None
    last_used: str = ""
    issuer: str | None = None
    """Whose JSON Web Token it stands for; None for a key."""

    @property
    def caller(self) -> str:
        """Who is behind the key, the same for each key of its name: a messageId means nothing outside its caller.

        No caller's text can be another's: its kind comes first, and an issuer holds no blank.
        """
        return f"key:{self.name}" if self.issuer is None else f"jwt:{self.issuer} {self.name}"

    @property
    def beyond_default(self) -> list[str]:
        """The APIs and rights that a key made today would not have unless it was said, and `*` for any source."""
        default = frozenset({"events"}) if self.browser else DEFAULT_APIS
        return sorted((self.doors - default) | self.rights | (self.sources & {ANY_SOURCE}))

    def is_live(self, now: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    def may_write_to(self, sink: SinkName) -> bool:
        """Whether its records may go to this sink."""
        return self.sinks == EVERY_SINK or sink in self.sinks

    def check_event(self, source: str, sinks: Iterable[SinkName]) -> None:
        """Nothing, if the key may send this source to these sinks. Raises BadEvent `Forbidden` else.

        A source of somebody else's would let the key suppress that one's messages: a messageId is made of source and
        id, and what has been seen is not taken again.
        """
        if source != self.name and not self.sources & {source, ANY_SOURCE}:
            raise BadEvent("Forbidden", "this key may not send events of this source", "/source")
        refused = [name for name in sinks if not self.may_write_to(name)]
        if refused:
            raise BadEvent("Forbidden", f"this key may not write to {', '.join(refused)}, where the rules send this")


def for_everything(name: str) -> Key:
    """A key, still without an id, that may do all that there is, with any source."""
    any_source = frozenset({ANY_SOURCE})
    return Key(id="", name=name, doors=frozenset(API_NAMES), rights=frozenset(RIGHTS), sources=any_source)


class Claims(NamedTuple):
    """Which claims of a JWT say what a key would."""

    source: str
    """The claim that names the `source` of its events; empty where no JWT is taken."""
    sinks: str = ""
    """The claim that names the sinks that it may write to; empty: all of them."""

    def key(self, given: Mapping[str, Any], token: Mapping[str, Any]) -> Key:
        """The key that a checked token stands for, with no more sources than its own. Raises Forbidden.

        `given` is as API Gateway hands claims over, each as text; `token` has them as the token does: the text of a
        list or a number could be somebody else's name. A token without the claim for sinks may write to none; the claim
        is a list of names or a text of them, and names in it that are no sink's mean nothing.
        """
        source = given.get(self.source) if isinstance(token.get(self.source), str) else None
        if not isinstance(source, str) or not source.isprintable() or not 0 < len(source) <= _MAX_SOURCE:
            detail = f"the token's claim {self.source} must be a string of 1 to {_MAX_SOURCE} printable characters"
            raise Forbidden("Forbidden", detail)
        allowed = frozenset(_names(token.get(self.sinks))) - EVERY_SINK if self.sinks else EVERY_SINK
        return Key(
            id=f"jwt:{source}",
            name=source,
            doors=frozenset({"events"}),
            sinks=allowed,
            issuer=str(given.get("iss", "")),
        )


def _names(claim: Any) -> list[str]:
    """The names in a claim: a list's strings, or a text's words; none in what is neither."""
    if isinstance(claim, list):
        return [name for name in claim if isinstance(name, str)]
    return re.split(r"[\s,\[\]]+", claim) if isinstance(claim, str) else []
