import socket
import threading
from http.client import HTTPConnection, HTTPException

import pytest
from werkzeug.serving import make_server

from local.aws.connection import Connection, close_connections


def application(environ, start_response):
    """Answers the path and what it has read of the body; some paths read nothing, or fail."""
    path = environ["PATH_INFO"]
    if path == "/fails":
        raise ValueError(path)
    if path == "/resets":
        raise ConnectionResetError
    read = b"" if path == "/leaves" else environ["wsgi.input"].read()
    start_response("204 No Content" if path == "/empty" else "200 OK", [("x-client", str(environ["REMOTE_PORT"]))])
    return [] if path == "/empty" else [path.encode(), b" ", read]


@pytest.fixture
def server():
    """A server of that application."""
    made = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Connection)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    close_connections(made)
    made.server_close()


@pytest.fixture
def client(server):
    """A client that keeps its connection."""
    made = HTTPConnection("127.0.0.1", server.port, timeout=10)
    yield made
    made.close()


def asked(client, path, body=None, **more):
    """Status, client port and body of an answer."""
    client.request("POST", path, body, **more)
    answer = client.getresponse()
    return answer.status, answer.headers["x-client"], answer.read()


def test_requests_share_a_connection(client):
    """A connection for each request costs as much as a request; an answer without a body ends too."""
    answers = [asked(client, path, b"body") for path in ("/first", "/empty", "/second")]

    assert [(status, body) for status, _, body in answers] == [
        (200, b"/first body"),
        (204, b""),
        (200, b"/second body"),
    ]
    assert len({port for _, port, _ in answers}) == 1


def test_a_body_that_nobody_reads_is_not_the_next_request(client):
    """What the application leaves of a body is read all the same."""
    assert asked(client, "/leaves", b"GET /wrong HTTP/1.1\r\n\r\n")[2] == b"/leaves "
    assert asked(client, "/next", b"body")[2] == b"/next body"


def test_a_body_in_chunks_is_read(client):
    """The connection ends then, since the application may leave chunks unread."""
    status, port, body = asked(client, "/chunks", iter([b"one", b"two"]), encode_chunked=True)

    assert (status, body) == (200, b"/chunks onetwo")
    assert asked(client, "/next")[1] != port


def test_a_fault_of_the_application_is_an_answer(client):
    """Status 500, and the server goes on."""
    assert asked(client, "/fails")[0] == 500
    assert asked(client, "/next")[0] == 200


def test_a_reset_by_the_application_is_no_answer(client):
    """Nothing comes."""
    with pytest.raises((ConnectionError, HTTPException)):
        asked(client, "/resets")


def test_a_server_that_stops_ends_what_clients_have_kept(server, client):
    """Else they would be answered by a server that is not there any more."""
    asked(client, "/first")
    close_connections(server)

    with pytest.raises((ConnectionError, HTTPException)):
        asked(client, "/second")


def test_many_answers_in_a_row_to_a_client_that_does_not_wait(server):
    """Requests that are sent at once are answered in their order."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(3)))
        connection.shutdown(socket.SHUT_WR)
        received = connection.makefile("rb").read()

    assert [received.find(b"/%d " % number) for number in range(3)] == sorted(
        received.find(b"/%d " % number) for number in range(3)
    )
    assert b"/2 " in received
