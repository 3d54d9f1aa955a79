"""`make keys`: create, change, list and revoke the keys of a stage, and rotate the master secret they come from."""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from commands import key_listing
from commands.ending import ended
from commands.file_names import refuse_file_names
from commands.key_ring import SECONDS_A_DAY, KeyRing, KeyRingError
from commands.stage import Stage, StageNotFoundError, add_arguments, chosen
from distributary.access.key import ANY_SOURCE, API_NAMES, DEFAULT_APIS, RIGHTS, Key
from distributary.access.quota import Quota
from distributary.sinks.registry import SINK_NAMES

WORDS = (*API_NAMES, *RIGHTS)
"""Everything that a key may be for, as the command names it."""
Words = frozenset[str]

# Which services an AWS client finds here, as its variables name them: AWS_ENDPOINT_URL would be for all the others too.
_SERVICES = {"aws": ("KINESIS", "FIREHOSE"), **dict.fromkeys(("iot_events", *RIGHTS), ("IOT_EVENTS_DATA",))}

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
        first = f"TOKEN=…   # of {issuer}: /v1/events takes no key (docs/how-to/keys.md)\n"
        credential = '-H "Authorization: Bearer $TOKEN" '
    event = '{"deviceId": "pump-7", "temperature": 21.5}'
    # curl takes the proxy of this shell for the loopback address too, unless it is told.
    direct = "--noproxy localhost " if stage.aws_endpoint and {"http_proxy", "ALL_PROXY"} & os.environ.keys() else ""
    post = f"curl -i {direct}{stage.endpoint}/v1/events {credential}"
    return f"{first}{post}\\\n  -H 'Content-Type: application/json' -d '{event}'"


def _create(ring: KeyRing, stage: Stage, options: argparse.Namespace) -> None:
    _show(stage, *ring.create(_wanted(stage, options)))


def _replace(ring: KeyRing, stage: Stage, options: argparse.Namespace) -> None:
    _show(stage, *ring.replace(options.key, options.days))
    print(f"\n{options.key} goes on meanwhile: revoke it once nobody uses it.")


def _show(stage: Stage, key: Key, secret: str) -> None:
    """Prints a new key, its secret, and how to use it."""
    print(f"key     {key.id}\nsecret  {secret}\n\nThe secret is shown this once and stored nowhere: keep it now.\n")
    if "events" in key.doors:
        print(curl(stage, key, secret))
    words = key.doors | key.rights
    if services := [service for word, names in _SERVICES.items() if word in words for service in names]:
        endpoints = " ".join(f"AWS_ENDPOINT_URL_{service}={stage.endpoint}" for service in dict.fromkeys(services))
        print(f"export AWS_ACCESS_KEY_ID={key.id} AWS_SECRET_ACCESS_KEY={secret} {endpoints}")


def _wanted(stage: Stage, options: argparse.Namespace) -> Key:
    if (options.rate is None) != (options.burst is None):
        raise KeyRingError("--rate and --burst make a quota together")
    refuse_file_names(options.sources)
    words = set(options.rights or (("events",) if options.browser else DEFAULT_APIS))
    return Key(
        id="",
        name=options.name,
        doors=frozenset(words & set(API_NAMES)),
        rights=frozenset(words & set(RIGHTS)),
        sinks=frozenset(options.sinks or stage.sinks),
        sources=frozenset(options.sources),
        browser=options.browser,
        quota=None if options.rate is None else Quota(options.rate, options.burst),
        expires=float(int(time.time() + options.days * SECONDS_A_DAY)) if options.days else None,
    )


def _grant(ring: KeyRing, _stage: Stage, options: argparse.Namespace) -> None:
    _change(ring, options, frozenset.union)


def _deny(ring: KeyRing, _stage: Stage, options: argparse.Namespace) -> None:
    _change(ring, options, frozenset.difference)


def _change(ring: KeyRing, options: argparse.Namespace, made: Callable[[Words, Words], Words]) -> None:
    """Makes something else of a key's rights, sinks and sources, and prints it."""
    words, sinks, sources = (frozenset(one) for one in (options.rights, options.sinks, options.sources))
    refuse_file_names(options.sources)
    if not (words or sinks or sources):
        raise KeyRingError(f"say what: {', '.join(WORDS)}, --sinks or --sources")

    def changed(key: Key) -> Key:
        return replace(
            key,
            doors=made(key.doors, words & set(API_NAMES)),
            rights=made(key.rights, words & set(RIGHTS)),
            sinks=made(key.sinks, sinks),
            sources=made(key.sources, sources),
        )

    print(key_listing.one(ring.change(options.key, changed)))


def _list(ring: KeyRing, _stage: Stage, _options: argparse.Namespace) -> None:
    print(key_listing.table(ring.every_key(), time.time()))


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
    commands = parser.add_subparsers(required=True, metavar="create|replace|grant|deny|list|revoke|rotate")
    create = commands.add_parser("create", help="a new key; its secret is shown once")
    create.set_defaults(run=_create)
    create.add_argument("--name", required=True, type=_source, help="the source of its events that bring none")
    create.add_argument(
        *("--rights", "--doors"),
        nargs="+",
        choices=WORDS,
        metavar="RIGHT",
        help=f"of {', '.join(WORDS)}; default: {' '.join(sorted(DEFAULT_APIS))}; for a browser: events",
    )
    create.add_argument("--sinks", nargs="+", choices=SINK_NAMES, default=(), help="default: all of the stage")
    create.add_argument(
        "--sources",
        nargs="+",
        default=(),
        type=_source_or_any,
        help=f"further sources it may send; '{ANY_SOURCE}', quoted, is any",
    )
    create.add_argument("--browser", action="store_true", help="may stand in a URL, where anyone can read it")
    create.add_argument("--rate", type=_positive, help="quota: events a second, in each of the function's environments")
    create.add_argument("--burst", type=_at_least_one, help="quota: events at once after a pause, at least 1")
    create.add_argument("--days", type=_positive, help="expires after so many days (default: never)")
    again = commands.add_parser("replace", help="a new key with the name and rights of another, to take its place")
    again.set_defaults(run=_replace)
    again.add_argument("key", help="the other's id")
    again.add_argument("--days", type=_positive, help="expires after so many days (default: as many as the other had)")
    for name, run, help_text in (
        ("grant", _grant, "give a key more rights"),
        ("deny", _deny, "take rights from a key"),
    ):
        change = commands.add_parser(name, help=f"{help_text}; its secret stays")
        change.set_defaults(run=run)
        change.add_argument("key", help="its id")
        change.add_argument("rights", nargs="*", metavar="right", type=_word, help=" ".join(WORDS))
        change.add_argument("--sinks", nargs="+", choices=SINK_NAMES, default=())
        change.add_argument("--sources", nargs="+", default=(), type=_source_or_any)
    commands.add_parser("list", help="every key, its state and last use").set_defaults(run=_list)
    revoke = commands.add_parser("revoke", help="stop a key")
    revoke.set_defaults(run=_revoke)
    revoke.add_argument("key", help="its id")
    commands.add_parser("rotate", help="a new version of the master secret").set_defaults(run=_rotate)
    return parser


def _word(text: str) -> str:
    # Not `choices`: argparse holds an empty list of them for one that is none.
    if text not in WORDS:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(WORDS)}")
    return text


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
    sys.exit(ended(main))
