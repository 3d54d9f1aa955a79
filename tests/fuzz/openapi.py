"""`cd tests && python -m fuzz.openapi [EXAMPLES]`: schemathesis tries the OpenAPI document against a local stack.

Fails where an answer is not as the document has it, and where fewer than 30 % of an operation's requests are taken:
then the others have tested little.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from contract import DOCUMENT
from exchanges import Exchanges

from commands.key_ring import KeyRing, bearer
from commands.post import request
from commands.stage import Stage
from distributary.access.key import for_everything
from distributary.http.documents import OPENAPI
from local.stack import LocalStack

HERE = Path(__file__).parent
SCHEMATHESIS = HERE.parents[1] / "build/schemathesis/bin/schemathesis"
EXAMPLES, SEED, WITHIN_SECONDS, PATIENCE_SECONDS = 30, 20_261_127, 1_200, 60
LEAST_TAKEN = 0.3
MODEL, KEY_VALUE = "temperature_alarm", "pump-7"


def main(examples: int) -> int:
    """0: no fault was found."""
    exchanges = Exchanges()
    with LocalStack(say=lambda _: None, observe=exchanges.append) as local:
        stage = Stage("local", local.outputs, local.aws_endpoint)
        key, secret = KeyRing(stage).create(for_everything("contract"))
        _make_detector(stage.endpoint, bearer(key.id, secret))
        print(f"{local.endpoint}: schemathesis makes up to {examples} requests of a kind")
        ended = _tried(stage.endpoint, key.id, secret, examples)
    faults = [*dict.fromkeys(exchanges.faults), *_barely_taken(exchanges)]
    print("\n".join(faults) or "every answer was as the document has it")
    return int(bool(ended or faults))


def _tried(endpoint: str, key_id: str, secret: str, examples: int) -> int:
    known = {"MODEL": MODEL, "KEY_VALUE": KEY_VALUE, "KEY_ID": key_id, "SECRET": secret}
    variables = {f"DISTRIBUTARY_{name}": value for name, value in known.items()}
    command = [
        *(SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", OPENAPI, "--url", endpoint),
        *("--seed", str(SEED), "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples)),
        *("--warnings", "off"),
    ]
    # Its own Python, which must not meet the project's modules.
    environment = {name: one for name, one in os.environ.items() if name != "PYTHONPATH"} | variables
    return subprocess.run(command, cwd=HERE, env=environment, check=False, timeout=WITHIN_SECONDS).returncode


def _make_detector(endpoint: str, credential: dict[str, str]) -> None:
    """One detector, so that it can be described."""
    body = f'{{"deviceId":"{KEY_VALUE}","temperature":21.5}}'.encode()
    headers = {**credential, "content-type": "application/json"}
    assert request(endpoint, "POST", "/v1/events", headers=headers, body=body).status == 202


def _barely_taken(exchanges: Exchanges) -> Iterator[str]:
    """Each operation with the share of its requests that were answered 2xx, where that is too low."""
    for methods in DOCUMENT["paths"].values():
        for name in (one["operationId"] for one in methods.values()):
            counts = {status: count for (asked, status), count in exchanges.seen.items() if asked == name}
            taken = sum(count for status, count in counts.items() if status < 300) / max(1, sum(counts.values()))
            print(f"{name:20} {taken:4.0%} taken  {dict(sorted(counts.items()))}")
            if taken < LEAST_TAKEN:
                yield f"{name}: only {taken:.0%} of its requests were taken, {LEAST_TAKEN:.0%} must be"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES))
