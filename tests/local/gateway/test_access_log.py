import json

from local.gateway import AccessLog, HttpApi, Route

FORMAT = (
    '{"id":"$context.requestId","ip":"$context.identity.sourceIp","route":"$context.routeKey","s":"$context.status"}'
)


def test_variables_are_filled_in() -> None:
    """As text inside JSON; what has no value is a hyphen."""
    line = AccessLog("group", FORMAT).line({"requestId": 'a"b', "status": 202})

    assert json.loads(line) == {"id": 'a"b', "ip": "-", "route": "-", "s": "202"}


def test_each_request_has_a_line(served, client) -> None:
    """In the stage's own format and group, those that no function saw too; without an access log there is none."""
    client.ask("POST", "/v1/events", "1")
    served.api = HttpApi("abc123", (Route("POST /v1/events", "ingest"),), access_log=AccessLog("group", FORMAT))
    answers = [client.ask("POST", "/v1/events?key=secret", "1"), client.ask("GET", "/nothing")]
    client.ask("POST", "/v1/events", "1")  # what was before it has been written
    lines = [json.loads(line) for group, _, line in served.kept[:2] if group == "group"]

    assert [(one["route"], one["s"]) for one in lines] == [("POST /v1/events", "202"), ("-", "404")]
    assert [one["id"] for one in lines] == [one.headers["apigw-requestid"] for one in answers]
    assert "secret" not in str(served.kept)
