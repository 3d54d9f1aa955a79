import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from own_process import killed_process

from local.functions import Functions, RequestTooLarge, TooManyRequests

WHO = "import os, time\ndef handle(event, context):\n    time.sleep(event or 0)\n    return os.getpid()"


def test_one_request_at_a_time_each(deploy) -> None:
    """Requests at the same time get a process each; later ones share what is warm."""
    work = deploy(WHO)
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(work.call, [0.3, 0.3, 0.3]))

    assert len(set(together)) == 3
    assert {work.call() for _ in range(5)} <= set(together)


def test_the_most_recently_used_is_taken_first(deploy) -> None:
    """Requests one after the other stay with one process."""
    work = deploy(WHO)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work.call, [0.2, 0.3]))

    assert len({work.call() for _ in range(5)}) == 1


def test_a_request_waits_for_a_process(deploy, wait_for) -> None:
    """With one process, requests at the same time are all answered, one after the other."""
    work = deploy(WHO, max_environments=1)
    with ThreadPoolExecutor(4) as pool:
        pids = [one.result() for one in [pool.submit(work.call, 0.1) for _ in range(4)]]

    assert len(set(pids)) == 1
    assert work.call() == pids[0]


def test_beyond_the_concurrency_is_throttled_at_once(deploy, wait_for) -> None:
    """With two under way, one of which waits, a third is TooManyRequests; afterwards all is well."""
    work = deploy(WHO, max_environments=1, concurrency=2)
    work.call()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(work.call, 1) for _ in range(2)]
        wait_for(lambda: work.functions._pools["work"].line._turns)
        with pytest.raises(TooManyRequests):
            work.call()
        assert [one.result() for one in both] == [work.call()] * 2


def test_reserved_concurrency_is_the_limit_where_there_is_one(deploy, wait_for) -> None:
    """Reserved for one: a second request is TooManyRequests, though a process would be free."""
    work = deploy(WHO, reserved_concurrency=1)
    work.call()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(work.call, 1)
        wait_for(lambda: work.functions._pools["work"].busy)
        with pytest.raises(TooManyRequests):
            work.call()
        slow.result()


def test_who_waited_in_vain_is_throttled(deploy, wait_for) -> None:
    """When no process becomes free in time it is TooManyRequests."""
    work = deploy(WHO, max_environments=1, wait_seconds=0.01)
    work.call()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(work.call, 1)
        wait_for(lambda: work.functions._pools["work"].busy)
        with pytest.raises(TooManyRequests):
            work.call()
        slow.result()


def test_who_waits_gets_what_was_deployed_meanwhile(deploy, make, wait_for) -> None:
    """A request that came before a deployment and runs after it runs the new code."""
    work = deploy(WHO, max_environments=1)
    work.call()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(work.call, 1)
        wait_for(lambda: work.functions._pools["work"].busy)
        waits = pool.submit(work.call)
        wait_for(lambda: work.functions._pools["work"].line._turns)
        work.spec = make.spec("def handle(event, context): return 'new'", revision="2")
        assert isinstance(slow.result(), int)
        assert waits.result() == "new"


def test_who_waits_when_it_is_closed_is_refused(deploy, wait_for) -> None:
    """`close` leaves nobody waiting."""
    work = deploy(WHO, max_environments=1)
    work.call()
    with ThreadPoolExecutor(3) as pool:
        slow = pool.submit(work.call, 60)
        wait_for(lambda: any(one._handling for one in work.functions._pools["work"].busy))
        waiting = [pool.submit(work.call) for _ in range(2)]
        wait_for(lambda: len(work.functions._pools["work"].line._turns) == 2)
        work.functions.close()
        for one in waiting:
            with pytest.raises(TooManyRequests, match="stopped"):
                one.result(60)
        assert slow.result()["errorType"] == "Runtime.ExitError"


def test_a_request_over_six_megabytes_is_refused(deploy) -> None:
    """A request of 6 MiB reaches the function, one byte more is refused."""
    work = deploy("def handle(event, context): return len(event)")

    assert work.functions.invoke("work", b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"').payload == b"6291454"
    with pytest.raises(RequestTooLarge):
        work.functions.invoke("work", b'"' + b"x" * (6 * 1024 * 1024 - 1) + b'"')


def test_what_is_not_deployed_is_a_lookup_error(deploy) -> None:
    """A name that `find` does not know comes out as its LookupError."""
    with pytest.raises(LookupError):
        deploy(WHO).functions.invoke("other", b"{}")


def test_a_new_revision_retires_the_old_processes(deploy, make, running) -> None:
    """After a deployment the new code answers, and the old process has ended."""
    work = deploy(WHO)
    old = work.call()

    work.spec = make.spec("def handle(event, context): return 'new'", revision="2")

    assert work.call() == "new"
    assert not running(old)


def test_an_old_revision_finishes_what_it_began(deploy, make, running, wait_for) -> None:
    """A request that was being handled while the deployment came gets its answer; its process is not used again."""
    work = deploy(WHO)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(work.call, 0.3)
        wait_for(lambda: work.functions._pools["work"].busy)
        work.spec = make.spec("def handle(event, context): return 'new'", revision="2")
        assert work.call() == "new"
        old = slow.result()

    assert [work.call() for _ in range(3)] == ["new"] * 3
    assert not running(old)


def test_kill_one_kills_in_mid_request(deploy, wait_for) -> None:
    """The process of a request in flight is killed, its request fails, the next one is served by another."""
    work = deploy(WHO)
    first = work.call()
    assert work.functions.kill_one("work") is None
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(work.call, 60)
        wait_for(lambda: work.functions.kill_one("work") == first)
        assert slow.result()["errorType"] == "Runtime.ExitError"

    assert work.call() != first


def test_close_ends_everything_at_once(deploy, running, wait_for) -> None:
    """After `close` no process is left, busy or idle, and nothing on disk; a request that was in flight failed."""
    work = deploy(WHO)
    with ThreadPoolExecutor(2) as pool:
        pids = list(pool.map(work.call, [0.2, 0.2]))
        wait_for(lambda: not work.functions._pools["work"].busy)  # an answer is out before its process is free
        slow = pool.submit(work.call, 60)
        wait_for(lambda: any(one._handling for one in work.functions._pools["work"].busy))
        folder = Path(work.functions._root.name)
        begun = time.monotonic()
        work.functions.close()
        assert slow.result()["errorType"] == "Runtime.ExitError"

    assert time.monotonic() - begun < 30
    assert not any(running(pid) for pid in pids)
    assert not folder.exists()
    with pytest.raises(TooManyRequests):
        work.call()


def test_no_process_outlives_a_parent_that_is_killed(make, tmp_path, running, wait_for) -> None:
    """When this side is killed without warning, a function in an endless loop dies with it, and so does an idle one."""
    endless = "import os\ndef handle(event, context):\n    print(os.getpid(), flush=True)\n    while event: pass"
    (tmp_path / "package.zip").write_bytes(make.package(endless))
    script = (
        "import sys, threading\n"
        "from local.functions import Functions, FunctionSpec\n"
        "def say(line): sys.stdout.write(line + '\\n'), sys.stdout.flush()  # print may mix two threads' lines\n"
        "code = open(sys.argv[1], 'rb').read()\n"
        "spec = FunctionSpec('f', 'arn', 'handler.handle', code, {}, 60, 128, '/f', '1')\n"
        "functions = Functions(lambda name: spec, environment={}, log=say)\n"
        "threading.Thread(target=functions.invoke, args=('f', b'true'), daemon=True).start()\n"
        "functions.invoke('f', b'false')\n"
        "threading.Event().wait()\n"
    )
    command = [sys.executable, "-c", script, tmp_path / "package.zip"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with killed_process(command, env=environment, stdout=subprocess.PIPE) as parent:
        pids = [int(parent.stdout.readline().split()[-1]) for _ in range(2)]
        assert all(running(pid) for pid in pids)

    wait_for(lambda: not any(running(pid) for pid in pids))


def test_each_function_has_credentials_of_its_own(make) -> None:
    """They are given on top of what every function gets, for the function as it is deployed."""
    source = (
        "import os\ndef handle(event, context):\n    return [os.environ['AWS_REGION'], os.environ['AWS_ACCESS_KEY_ID']]"
    )
    functions = Functions(
        lambda name: make.spec(source, name=name, role=f"role-of-{name}"),
        environment={"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "everybody"},
        credentials=lambda spec: {"AWS_ACCESS_KEY_ID": f"key-of-{spec.role}"},
    )

    answers = [json.loads(functions.invoke(name, b"null").payload) for name in ("a", "b")]
    functions.close()

    assert answers == [["us-east-1", "key-of-role-of-a"], ["us-east-1", "key-of-role-of-b"]]
