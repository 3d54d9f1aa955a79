"""Every error of the APIs: problems from docs/reference/errors.md, AWS's codes from the code that answers with them."""

import re
from collections.abc import Iterator, Mapping

from commands.problem_pages import SOURCE
from commands.reference.blocks import code, table
from distributary.http.aws_api.aws_errors import AWS_INTERNAL_FAILURE, ERRORS, error_status
from distributary.http.iot_events_api import detectors, messages

_PROBLEM = re.compile(r"^### `([a-z0-9-]+)`\n\n`(\w+)` · (\d{3}) · (.+)\.$", re.MULTILINE)

CLIENT, OPERATOR, LATER = "the client: change the request", "the operator: `make keys`", "the client: send it again"
_WHO = {"unauthorized": OPERATOR, "forbidden": OPERATOR}
_AGAIN = frozenset({"429", "500", "503"})
_SHARED = (
    ("AccessDeniedException", "400", OPERATOR),
    ("IncompleteSignatureException", "400", CLIENT),
    ("InvalidSignatureException", "400", OPERATOR),
    ("MissingAuthenticationTokenException", "400", CLIENT),
    ("SerializationException", "400", CLIENT),
    ("ThrottlingException", "400", LATER),
    ("UnknownOperationException", "400", CLIENT),
    ("UnrecognizedClientException", "400", OPERATOR),
    ("ValidationException", "400", CLIENT),
)


def blocks() -> Mapping[str, str]:
    """The tables by their block."""
    return {
        "problems": table(("type", "code", "status", "title", "who can act"), _problems()),
        "aws-errors": table(("code", "status", "who can act", "operations"), _aws()),
        "iot-events-errors": table(("code", "status", "who can act"), _iot_events()),
    }


def _problems() -> Iterator[tuple[str, ...]]:
    for slug, name, status, title in sorted(_PROBLEM.findall(SOURCE.read_text(encoding="utf-8"))):
        who = _WHO.get(slug) or (LATER if status in _AGAIN else CLIENT)
        yield f"[`{slug}`](#{slug})", code(name), status, title, who


def _aws() -> Iterator[tuple[str, ...]]:
    for name, status, who in _SHARED:
        yield code(name), status, who, "all"
    own = {name for names in ERRORS.values() for name in names} - {name for name, _, _ in _SHARED}
    for name in sorted(own):
        operations = [target for target, names in ERRORS.items() if name in names]
        yield code(name), str(error_status(name)), _acting(name), _listed(operations)
    yield code(AWS_INTERNAL_FAILURE), str(error_status(AWS_INTERNAL_FAILURE)), LATER, "records of a batch"


def _acting(name: str) -> str:
    """Who can act on an error of AWS's own."""
    if name.startswith(("KMS", "InvalidKMS", "InvalidSource", "ResourceInUse")):
        return "the operator: the stream or its key"
    if name.startswith(("ServiceUnavailable", "InternalFailure", "ProvisionedThroughput", "LimitExceeded")):
        return LATER
    return CLIENT


def _listed(targets: list[str]) -> str:
    """As in `Kinesis PutRecord, PutRecords`."""
    services: dict[str, list[str]] = {}
    for target in targets:
        service, _, operation = target.partition(".")
        services.setdefault(service.partition("_")[0], []).append(operation)
    return "; ".join(f"{service} {', '.join(names)}" for service, names in services.items())


def _iot_events() -> Iterator[tuple[str, ...]]:
    for name, status in {**messages.MESSAGES_STATUS, **detectors.DETECTORS_STATUS}.items():
        yield code(name), str(status), LATER if str(status) in _AGAIN else CLIENT
