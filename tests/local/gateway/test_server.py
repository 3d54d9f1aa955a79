import io
import socket
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.functions import Functions, FunctionSpec
from local.gateway import Gateway, HttpApi, Route

ECHO = "def handle(event, context): return {'statusCode': 200, 'body': event['body']}"


def package(source: str) -> bytes:
    """A deployment package with `source` as its `handler.py`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("handler.py", source)
    return file.getvalue()


def said(text: bytes, port: int) -> bytes:
    """All that the gateway says to these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(text)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_connection_is_kept(client) -> None:
    """Several requests go over one connection."""
    client.ask("POST", "/v1/events", "1")
    first = client.http.sock.getsockname()

    assert [client.ask("GET", "/nothing").status, client.ask("POST", "/v1/events", "2").status] == [404, 202]
    assert client.http.sock.getsockname() == first


def test_an_idle_connection_is_closed_after_its_time(served) -> None:
    """That long and not at once: 75 s where nothing else is said."""
    seconds = 1
    gateway = Gateway(lambda: served.api, served.functions, port=0, idle_seconds=seconds)
    gateway.start()
    try:
        begun = time.monotonic()
        answer = said(b"GET /nothing HTTP/1.1\r\nhost: h\r\n\r\n", gateway.port)
    finally:
        gateway.close()

    assert time.monotonic() - begun >= seconds
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert served.gateway._server.config.timeout_keep_alive == 75


def test_a_refused_body_does_not_spoil_the_connection(client) -> None:
    """After a 404 or 413 whose body was not wanted the same connection serves the next request."""
    assert client.ask("POST", "/nothing", b"x" * 1_000_000).status == 404
    assert client.ask("POST", "/v1/events", b"x" * 10_485_761).status == 413
    assert client.ask("POST", "/v1/events", "x").status == 202


def test_what_is_no_http_is_400(served) -> None:
    """Nonsense gets API Gateway's JSON, not the server's text."""
    answer = said(b"NONSENSE\r\n\r\n", served.gateway.port)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b'{"message":"Bad Request"}')


def test_a_client_that_asks_first_is_told_to_continue(served) -> None:
    """`Expect: 100-continue` gets its 100, or the refusal before the body is sent."""
    head = "POST {} HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.gateway.port), timeout=60) as connection:
        connection.sendall(head.format("/v1/events", 2).encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"hi")
        assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")
    with socket.create_connection(("127.0.0.1", served.gateway.port), timeout=60) as connection:
        connection.sendall(head.format("/v1/events", 10_485_761).encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_head_has_no_body(served, client) -> None:
    """HEAD is answered with the length that GET would have, and nothing after it."""
    served.api = HttpApi("abc123", (Route("ANY /x", "f"),))
    served.functions.act = lambda event: {"statusCode": 200, "body": "hello"}

    answer = client.ask("HEAD", "/x")

    assert (answer.status, answer.headers["content-length"], answer.text) == (200, "5", "")
    assert client.ask("GET", "/x").text == "hello"


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(served, client, status: int) -> None:
    """A body that HTTP forbids is left out and the connection stays usable."""
    served.functions.act = lambda event: {"statusCode": status, "body": "hello"}

    assert (client.ask("POST", "/v1/events", "x").status, client.ask("POST", "/v1/events", "x").text) == (status, "")


def test_answers_do_not_wait_for_acknowledgements(client) -> None:
    """Twenty small requests on one connection take no twenty delayed acknowledgements of 40 ms: once in many tries."""

    def seconds_of_twenty() -> float:
        begun = time.monotonic()
        for _ in range(20):
            client.ask("POST", "/v1/events", "x")
        return time.monotonic() - begun

    assert any(seconds_of_twenty() < 0.6 for _ in range(20))


def test_a_taken_port_is_an_os_error(served) -> None:
    """`start` says at once that the port is another's."""
    with pytest.raises(OSError, match="in use"):
        Gateway(lambda: served.api, served.functions, port=served.gateway.port).start()


def test_it_listens_on_loopback_only(served) -> None:
    """The socket is bound to 127.0.0.1."""
    (server,) = served.gateway._server.servers

    assert {one.getsockname()[0] for one in server.sockets} == {"127.0.0.1"}


def test_close_frees_the_port(served, once) -> None:
    """After `close` nothing answers, and the port can be taken again."""
    served.gateway.close()

    with pytest.raises(ConnectionRefusedError):
        once("GET", "/")
    socket.create_server(("127.0.0.1", served.gateway.port)).close()


def test_a_burst_waits_for_the_function(api, connect) -> None:
    """200 requests at once, each with a connection of its own, are all answered by two processes."""
    spec = FunctionSpec("ingest", "arn", "handler.handle", package(ECHO), {}, 30, 128, "/log", "1")
    functions = Functions(lambda name: spec, environment={}, max_environments=2, concurrency=200)
    gateway = Gateway(lambda: api, functions, port=0, log=lambda line: None)
    gateway.start()
    clients = [connect(gateway.port) for _ in range(200)]
    try:
        with ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(lambda one: one.ask("POST", "/v1/events", "x").status, clients))
    finally:
        gateway.close()
        functions.close()

    assert answers == [200] * 200


def test_a_real_function_behind_it(api, connect) -> None:
    """HTTP to a deployed package under awslambdaric and back."""
    spec = FunctionSpec("ingest", "arn", "handler.handle", package(ECHO), {}, 5, 128, "/log", "1")
    functions = Functions(lambda name: spec, environment={})
    gateway = Gateway(lambda: api, functions, port=0, log=lambda line: None)
    gateway.start()
    client = connect(gateway.port)
    try:
        answer = client.ask("POST", "/v1/events", "Grüße".encode(), content_type="text/plain")
        assert (answer.status, answer.text) == (200, "Grüße")
        large = client.ask("POST", "/v1/events", b"x" * 6_300_000, content_type="text/plain")
        assert (large.status, large.text) == (413, '{"message":"Request Entity Too Large"}')
    finally:
        gateway.close()
        functions.close()
