"""An account of a few policies, and boto3's clients of an AWS behind the layer that checks them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from embedded_client import embedded_client
from running_server import running
from werkzeug.serving import make_server

from local.iam.access import Access
from local.iam.keys import AccessKeys
from local.iam.layer import Enforcement
from local.iam.policy import parsed

ROLE = "arn:aws:iam::123456789012:role/service/worker"


class SmallAccount:
    """Policies as the tests set them: of the one role, of resources by ARN, and what keys encrypt."""

    def __init__(self) -> None:
        self.own: list[dict[str, Any]] = []
        self.trusting: list[dict[str, Any]] = []
        self.resources: dict[str, list[dict[str, Any]]] = {}
        self.keys: dict[str, list[Any]] = {}

    def statements(self, role):
        return parsed("own", json.dumps({"Statement": self.own})) if role == ROLE else ()

    def trust(self, role):
        return parsed("trust", json.dumps({"Statement": self.trusting}))

    def resource_policy(self, arn):
        return parsed("resource", json.dumps({"Statement": self.resources.get(arn, [])}))

    def encrypting(self, need):
        return self.keys.get(need.resource, [])


class Served:
    """The AWS at `endpoint`: it answers every call with `status` and nothing; `reached` has each method and path."""

    def __init__(self) -> None:
        self.account, self.keys, self.said = SmallAccount(), AccessKeys(), []
        self.access = Access(self.account)
        self.layer = Enforcement(self.keys, self.access, self.said.append)
        self.reached: list[str] = []
        self.status = "200 OK"
        self.server = make_server("127.0.0.1", 0, self.layer(self.answer), threaded=True)
        self.endpoint = f"http://localhost:{self.server.port}"

    def answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.reached.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        start_response(self.status, [("Content-Length", "2"), ("Content-Type", "application/x-amz-json-1.1")])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"{}"]

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client with the role's credentials, or with these."""
        key = self.keys.of(ROLE, "task")
        given = {
            "aws_access_key_id": key.id,
            "aws_secret_access_key": key.secret,
            "aws_session_token": key.token,
        }
        unchecked = Config(parameter_validation=False, inject_host_prefix=False)
        return embedded_client(self.endpoint, service, config=unchecked, **(credentials or given))

    def allow(self, *actions: str, resource: str = "*", **more: Any) -> None:
        """Adds a statement to the role's policy."""
        self.account.own.append({"Effect": "Allow", "Action": list(actions), "Resource": resource, **more})


@pytest.fixture
def served() -> Iterator[Served]:
    """The AWS, running."""
    served = Served()
    with running(served.server):
        yield served
