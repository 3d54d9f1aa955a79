"""moto as it comes, in a process of its own, which ends when its standard input does."""

import sys

from moto.server import ThreadedMotoServer

if __name__ == "__main__":
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    print("http://localhost:{1}".format(*server.get_host_and_port()), flush=True)  # noqa: T201 - for the tests
    sys.stdin.read()
