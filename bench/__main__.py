"""`make bench`: the ingest function beside what one writes from the documentation, on this machine, now."""

import argparse
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from subprocess import PIPE
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.contestants import PRODUCT, PYTHON, build
from bench.detectors import detectors
from bench.division import division
from bench.front_door import front_door
from bench.growth import growth
from bench.measure import Samples, measure
from bench.report import table
from bench.runtime import FunctionFailedError
from bench.secure import over_tls
from bench.starts import starts
from commands.set_up import SetUpFailed
from local.certificate import localhost_certificate

SIZES = (1, 25, 500)
STUB_SECONDS = 0.015
WORK = Path(__file__).parent.parent / "build" / "bench"
ITEMS = WORK / "items.json"


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    print(PYTHON, flush=True)
    began = time.perf_counter()
    with _stub() as stub:
        contestants = build(WORK, stub.plain)
        secure = over_tls(contestants, WORK, stub.plain, stub.secure, stub.certificate)
        log = WORK / "functions.log"
        # Once unmeasured: the files are in the machine's cache then.
        measure(contestants, 1, rounds=1, seconds=0, log=log)
        floor = _floor(stub.plain)
        results: dict[str, dict[str, Samples]] = {}
        for label, who, events in [*((str(size), contestants, size) for size in SIZES), ("1, TLS", secure, 1)]:
            print(f"Measuring events a request: {label}", flush=True)
            results[label] = measure(who, events, rounds=arguments.rounds, seconds=arguments.seconds, log=log)
        steps = division(contestants[-1], SIZES[-1], WORK)
        batches = detectors(WORK, stub.plain, ITEMS)
        print("Measuring growth, cold starts and the local gateway", flush=True)
        grows, cold = growth(contestants[-1], WORK), starts(WORK, stub.plain)
    print(f"\n{table(results)}\n")
    print(f"The stub's own answer, to a bare HTTP client: p50 {floor * 1000:.1f} ms.")
    print(f"{_machine()}; {time.perf_counter() - began:.0f} s in all.\n")
    print(f"How the {SIZES[-1]}-event request of {PRODUCT} divides:\n\n{steps}\n")
    print(f"{_engine()}\n\n{batches}\n")
    print(f"How CPU and memory grow:\n\n{grows}\n\nCold starts:\n\n{cold}\n")
    print(f"The local gateway, before a function that answers at once:\n\n{front_door()}")


def _floor(url: str) -> float:
    """Seconds that the stub's answer takes with next to no client."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    seconds = []
    for _ in range(40):
        began = time.perf_counter()
        connection.request("POST", "/", b"{}", {"X-Amz-Target": "Firehose_20150804.PutRecord"})
        connection.getresponse().read()
        seconds.append(time.perf_counter() - began)
    connection.close()
    return median(seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=36, help="of warm requests for each request size (default 36)")
    parser.add_argument("--rounds", type=int, default=4, help="process starts for each request size (default 4)")
    return parser.parse_args()


class Stub(NamedTuple):
    """The URLs of the stub, without TLS and with it, and its certificate."""

    plain: str
    secure: str
    certificate: Path


@contextmanager
def _stub() -> Iterator[Stub]:
    """The stub, which runs until the block ends."""
    with TemporaryDirectory() as folder:
        certificate = localhost_certificate(Path(folder))
        program = [sys.executable, "-I", str(Path(__file__).parent / "stub.py")]
        command = [*program, str(STUB_SECONDS), str(ITEMS), str(certificate)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                plain, secure = process.stdout.readline().split()
                yield Stub(f"http://127.0.0.1:{plain}", f"https://localhost:{secure}", certificate)
            finally:
                process.kill()


def _machine() -> str:
    cpu = next(
        line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    )
    return f"{cpu}, {os.cpu_count()} cores, Python {PYTHON.version}"


def _engine() -> str:
    """The table of the detector engine, in a process of its own: on the functions' Python, with a peer's JMESPath."""
    command = [PYTHON.path, "-S", "-m", "bench.engine"]
    environment = {**os.environ, "PYTHONPATH": str(WORK / "docs")}
    return subprocess.run(
        command, cwd=WORK.parents[1], env=environment, check=True, stdout=PIPE, text=True
    ).stdout.rstrip()


if __name__ == "__main__":
    try:
        main()
    except SetUpFailed as error:
        sys.exit(str(error))
    except FunctionFailedError as error:
        sys.exit(f"A function did not answer 202: {error}; what they wrote is in {WORK / 'functions.log'}")
