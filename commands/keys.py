"""`make keys`: create, list and revoke the keys of a stage, and rotate the master secret that theirs come from."""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from commands.columns import columns
from commands.key_ring import KeyRing, KeyRingError
from commands.stage import Stage, StageNotFoundError, add_arguments, chosen
from distributary.access import ANY_SOURCE, DOOR_NAMES, Key
from distributary.events import SINK_NAMES
from distributary.quota import Quota

SECONDS_A_DAY = 86_400

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:/@-]{0,127}")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if it was done."""
    options = _parser().parse_args(arguments)
    try:
        stage = chosen(options)
        options.run(KeyRing(stage), stage, options)
    except (StageNotFoundError, KeyRingError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def curl(stage: Stage, key: Key | None = None, secret: str = "") -> str:
    """A command that posts one event, with what the stage asks for: the key, an issuer's token, or nothing."""
    credential = f"-H 'Authorization: Bearer {key.id}.{secret}' " if key else ""
    first = ""
    if issuer := stage.outputs.get("JwtIssuer"):
        first = f"TOKEN=…   # of {issuer}: /v1/events takes no key (docs/keys.md)\n"
        credential = '-H "Authorization: Bearer $TOKEN" '
    event = '{"deviceId": "pump-7", "temperature": 21.5}'
    return (
        f"{first}curl -i {stage.endpoint}/v1/events {credential}\\\n  -H 'Content-Type: application/json' -d '{event}'"
    )


def _create(ring: KeyRing, stage: Stage, options: argparse.Namespace) -> None:
    key, secret = ring.create(_wanted(options))
    print(f"key     {key.id}\nsecret  {secret}\n\nThe secret is shown this once and stored nowhere: keep it now.\n")
    if "events" in key.doors:
        print(curl(stage, key, secret))
    if key.doors & {"aws", "iot_events"}:
        print(f"export AWS_ACCESS_KEY_ID={key.id} AWS_SECRET_ACCESS_KEY={secret} AWS_ENDPOINT_URL={stage.endpoint}")


def _wanted(options: argparse.Namespace) -> Key:
    if (options.rate is None) != (options.burst is None):
        raise KeyRingError("--rate and --burst make a quota together")
    doors = options.doors or (("events",) if options.browser else DOOR_NAMES)
    return Key(
        id="",
        name=options.name,
        doors=frozenset(doors),
        sinks=frozenset(options.sinks),
        sources=frozenset(options.sources),
        browser=options.browser,
        quota=None if options.rate is None else Quota(options.rate, options.burst),
        expires=float(int(time.time() + options.days * SECONDS_A_DAY)) if options.days else None,
    )


def _list(ring: KeyRing, _stage: Stage, _options: argparse.Namespace) -> None:
    rows: list[tuple[str, ...]] = [
        ("KEY", "NAME", "STATE", "LAST USED", "CREATED", "DOORS", "SINKS", "SOURCES", "QUOTA")
    ]
    rows += [_row(key) for key in ring.every_key()]
    print("\n".join(columns(rows)))


def _row(key: Key) -> tuple[str, ...]:
    quota = f"{key.quota.rate:g}/s, burst {key.quota.burst:g}" if key.quota else "-"
    doors = ",".join(sorted(key.doors)) + (" (browser)" if key.browser else "")
    sinks, sources = ",".join(sorted(key.sinks)), ",".join(sorted({key.name, *key.sources}))
    return key.id, key.name, _state(key), key.last_used or "never", _day(key.created), doors, sinks, sources, quota


def _state(key: Key) -> str:
    if key.revoked is not None:
        return f"revoked {_day(key.revoked)}"
    if key.expires is None:
        return "live"
    return f"{'until' if key.is_live(time.time()) else 'expired'} {_day(key.expires)}"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _revoke(ring: KeyRing, _stage: Stage, options: argparse.Namespace) -> None:
    ring.revoke(options.key)
    print(f"{options.key} is revoked: it stops working within a minute")


def _rotate(ring: KeyRing, _stage: Stage, _options: argparse.Namespace) -> None:
    version = ring.rotate()
    print(f"keys made from now on are derived from version {version} of the master secret; the others go on working.")
    print("Should an older version be known to somebody, make new keys in place of its keys and revoke those.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make keys", description=__doc__)
    add_arguments(parser)
    commands = parser.add_subparsers(required=True, metavar="create|list|revoke|rotate")
    create = commands.add_parser("create", help="a new key; its secret is shown once")
    create.set_defaults(run=_create)
    create.add_argument("--name", required=True, type=_source, help="the source of its events that bring none")
    create.add_argument("--doors", nargs="+", choices=DOOR_NAMES, help="default: all; for a browser: events")
    create.add_argument("--sinks", nargs="+", choices=SINK_NAMES, default=SINK_NAMES, help="default: all")
    create.add_argument(
        "--sources",
        nargs="+",
        default=(),
        type=_source_or_any,
        help=f"further sources it may send; {ANY_SOURCE} is any",
    )
    create.add_argument("--browser", action="store_true", help="may stand in a URL, where anyone can read it")
    create.add_argument("--rate", type=_positive, help="quota: events a second, in each of the function's environments")
    create.add_argument("--burst", type=_at_least_one, help="quota: events at once after a pause, at least 1")
    create.add_argument("--days", type=_positive, help="expires after so many days (default: never)")
    commands.add_parser("list", help="every key, its state and last use").set_defaults(run=_list)
    revoke = commands.add_parser("revoke", help="stop a key")
    revoke.set_defaults(run=_revoke)
    revoke.add_argument("key", help="its id")
    commands.add_parser("rotate", help="a new version of the master secret").set_defaults(run=_rotate)
    return parser


def _source(text: str) -> str:
    if not _SOURCE.fullmatch(text):
        raise argparse.ArgumentTypeError("1 to 128 letters, digits and . _ ~ : / @ -, the first a letter or digit")
    return text


def _source_or_any(text: str) -> str:
    return text if text == ANY_SOURCE else _source(text)


def _positive(text: str) -> float:
    if not 0.001 <= (number := float(text)) <= 1e9:  # noqa: PLR2004 - what the table keeps exactly
        raise argparse.ArgumentTypeError("must be from 0.001 to 1000000000")
    return number


def _at_least_one(text: str) -> float:
    if _positive(text) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return float(text)


if __name__ == "__main__":
    sys.exit(main())
