"""One call to AWS as it came over HTTP: which operation of which service, on what, in which protocol."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
RESOURCES = ("QueueUrl", "StreamName", "StreamARN", "DeliveryStreamName", "TableName", "FunctionName", "SecretId")
S3_OBJECTS = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}


@dataclass(frozen=True)
class Call:
    """A call; `protocol` is `json` (the target is a header), `query` (the body is a form), `xml` (S3) or `rest`."""

    environ: dict[str, Any]

    @cached_property
    def service(self) -> str:
        """As SDKs name it when they sign; an unsigned call is known by its target alone."""
        scope = SCOPE.search(self.environ.get("HTTP_AUTHORIZATION", ""))
        target = self._target.partition(".")[0].partition("_")[0].lower()
        return scope[1] if scope else target.removeprefix("amazon")

    @cached_property
    def operation(self) -> str:
        """The operation's name; of a REST service other than S3's objects, its HTTP method."""
        if self._target:
            return self._target.rpartition(".")[2]
        if self.protocol == "query":
            return str(parse_qs(self.body.decode(errors="replace")).get("Action", [""])[0])
        method = str(self.environ["REQUEST_METHOD"])
        of_an_object = self.service == "s3" and "/" in self.environ["PATH_INFO"].strip("/")
        return S3_OBJECTS.get(method, method) if of_an_object else method

    @cached_property
    def protocol(self) -> str:
        """How errors are written."""
        if self._target:
            return "json"
        if "form-urlencoded" in self.environ.get("CONTENT_TYPE", ""):
            return "query"
        return "xml" if self.service == "s3" else "rest"

    @cached_property
    def body(self) -> bytes:
        """The body; whoever is asked next can read it again."""
        length = self.environ.get("CONTENT_LENGTH") or ""
        ends_by_itself = self.environ.get("wsgi.input_terminated")
        stream = self.environ["wsgi.input"]
        content: bytes = stream.read(int(length)) if length else stream.read() if ends_by_itself else b""
        self.replace_body(content)
        return content

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The parameters of a JSON call; empty where there are none."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @cached_property
    def resource(self) -> str:
        """The name of the queue, stream, table … that it is about; of a REST service, the path without its slash."""
        if self.protocol == "json":
            return next((name_in(str(self.parameters[key])) for key in RESOURCES if key in self.parameters), "")
        if self.protocol == "query":
            return name_in(parse_qs(self.body.decode(errors="replace")).get("QueueUrl", [""])[0])
        return str(self.environ["PATH_INFO"]).lstrip("/")

    def replace_body(self, content: bytes) -> None:
        """Hands this body on instead of the one that came."""
        self.environ.update({"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))})

    @property
    def _target(self) -> str:
        return str(self.environ.get("HTTP_X_AMZ_TARGET", ""))


def name_in(resource: str) -> str:
    """The name at the end of a URL or an ARN."""
    return re.split(r"[/:]", resource)[-1]
