"""The OpenAPI document as a judge: what is wrong with an answer, or with a request that was answered 2xx."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from distributary.http.documents import OPENAPI
from distributary.http.router import Known
from distributary.media_type import MediaType

DOCUMENT: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))
_METHODS = ("get", "post", "head", "options", "put", "delete", "patch")
_NOWHERE = (308, 404, 405)
"""What a path or a method that the document does not have is answered with; 308 where it has a slash too many."""


class Contract:
    """Judges exchanges by a document, the API's own by default."""

    def __init__(self, document: Mapping[str, Any] = DOCUMENT) -> None:
        self._document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Any = Registry().with_resource("urn:api", resource)
        self._validator = cache(self._made)

    def faults(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes | None) -> list[str]:
        """What the document does not allow; without a body that is not looked at."""
        place = f"{method} {path} → {status}"
        operation = self.operation(method, path)
        if operation is None:
            return [] if status in _NOWHERE else [f"{place}: no such operation, so it must be 308, 404 or 405"]
        answers = operation[1]["responses"]
        if str(status) not in answers:
            return [f"{place}: an undocumented status"]
        where = f"{operation[0]}/responses/{status}"
        answer = answers[str(status)]
        ours = "x-request-id" in headers  # API Gateway's own answers have none of them
        missing = [name for name in answer.get("headers", {}) if ours and name in _ALWAYS and name not in headers]
        return [
            *(f"{place}: the header {name} is missing" for name in missing),
            *self._content_faults(place, where, answer, headers.get("content-type", ""), body),
        ]

    def request_faults(self, method: str, path: str, content_type: str, body: bytes) -> list[str]:
        """Why the document does not allow a request that the API has taken."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path}: taken, and not documented"]
        given = operation[1].get("requestBody")
        if given is None or not _is_json(content_type):
            return []
        return self._content_faults(f"{method} {path}", f"{operation[0]}/requestBody", given, content_type, body)

    def operation(self, method: str, path: str) -> tuple[str, Mapping[str, Any]] | None:
        """The operation of a method and a path, with its place in the document."""
        for template, methods in self._document["paths"].items():
            if method.lower() in methods and Known(method, template).matches(path.partition("?")[0]):
                return f"#/paths/{_escaped(template)}/{method.lower()}", methods[method.lower()]
        return None

    def _content_faults(
        self, place: str, where: str, described: Mapping[str, Any], content_type: str, body: bytes | None
    ) -> list[str]:
        media = MediaType.read(content_type).name
        found = next((name for name in (media, "*/*") if name in described.get("content", {})), None)
        if found is None:
            return [f"{place}: an undocumented media type {media!r}"]
        if body is None or not _is_json(media) or "schema" not in described["content"][found] or found == "*/*":
            return []
        schema = self._validator(f"urn:api{where}/content/{_escaped(found)}/schema")
        return [
            f"{place}: {error.json_path} {error.message[:300]}"
            for error in schema.iter_errors(json.loads(body or b"null"))
        ]

    def _made(self, reference: str) -> Draft202012Validator:
        return Draft202012Validator({"$ref": reference}, registry=self._registry)


_ALWAYS = ("x-request-id", "www-authenticate")
"""Headers that an answer of ours has wherever the document has them."""


def _is_json(media: str) -> bool:
    return MediaType.read(media).is_json or media.startswith("application/x-amz-json")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
