import json
import os
import signal
from pathlib import Path

import pytest


def test_a_function_answers(deploy) -> None:
    """An invocation gives the function's JSON back, with a request id and no error."""
    work = deploy("def handle(event, context): return {'got': event}")

    assert work.call({"a": 1}) == {"got": {"a": 1}}
    assert work.invocation.function_error is None
    assert len(work.invocation.request_id) == 36


def test_no_package_of_this_project_can_be_imported(deploy) -> None:
    """A function finds its own package, the standard library and awslambdaric; boto3 and moto are missing as in AWS."""
    work = deploy(
        "import importlib\n"
        "def handle(event, context):\n"
        "    found = []\n"
        "    for name in event:\n"
        "        try: importlib.import_module(name); found.append(name)\n"
        "        except ImportError: pass\n"
        "    return found",
    )
    names = ["boto3", "moto", "pytest", "local", "distributary", "awslambdaric", "simplejson", "json", "handler"]

    assert work.call(names) == ["awslambdaric", "simplejson", "json", "handler"]


def test_the_environment_is_the_templates_and_lambdas_own(deploy, monkeypatch) -> None:
    """A function sees its own variables, those that Lambda sets and those given to all; nothing of this process."""
    monkeypatch.setenv("OF_THIS_PROCESS", "1")
    work = deploy("import os\ndef handle(event, context): return dict(os.environ)")

    seen = work.call()

    assert seen["SETTING"] == "on"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "work"
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/work"
    assert seen["AWS_ENDPOINT_URL"] == "http://localhost:1"
    assert seen["AWS_REGION"] == "us-east-1"
    assert seen["TZ"] == ":UTC"
    assert "OF_THIS_PROCESS" not in seen
    assert seen["HOME"] != str(Path.home())


def test_the_runtime_is_told_the_log_format(deploy) -> None:
    """Its own lines are JSON then, an exception's among them; the default is plain text."""
    source = "import os\ndef handle(event, context): return os.environ.get('AWS_LAMBDA_LOG_FORMAT')"
    failing = deploy("def handle(event, context): raise ValueError('bad')", json_log_level="INFO")
    failing.call()

    assert (deploy(source).call(), deploy(source, json_log_level="INFO").call()) == (None, "JSON")
    [said] = [json.loads(line) for _, _, line in failing.kept]
    assert (said["level"], said["errorMessage"]) == ("ERROR", "bad")


def test_the_package_is_the_task_root(deploy) -> None:
    """The working directory is LAMBDA_TASK_ROOT, and it holds the deployment package."""
    work = deploy(
        "import os\ndef handle(event, context): return [os.getcwd(), os.environ['LAMBDA_TASK_ROOT'], os.listdir()]",
    )

    here, task_root, files = work.call()

    assert here == task_root
    assert "handler.py" in files


def test_the_context_says_who_and_how_long(deploy) -> None:
    """The context has the request id, the ARN, the memory and the time left of the timeout; the trace is set."""
    work = deploy(
        "import os\n"
        "def handle(event, context):\n"
        "    return [context.aws_request_id, context.invoked_function_arn, context.memory_limit_in_mb,\n"
        "            context.get_remaining_time_in_millis(), os.environ['_X_AMZN_TRACE_ID']]",
    )

    request_id, arn, memory, left, trace = work.call()

    assert request_id == work.invocation.request_id
    assert arn == work.spec.arn
    assert memory == "256"
    assert 30_000 < left <= 60_000
    assert trace.startswith("Root=1-")


def test_an_exception_is_the_functions_error(deploy) -> None:
    """What a handler raises comes back as awslambdaric reports it, and the process stays."""
    work = deploy(
        "import os\ndef handle(event, context):\n    if event: raise ValueError(event)\n    return os.getpid()"
    )
    pid = work.call()

    error = work.call("no")

    assert work.invocation.function_error == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no")
    assert work.call() == pid


@pytest.mark.parametrize(
    ("source", "error_type"),
    [
        ("import no_such_module", "Runtime.ImportModuleError"),
        ("def handle(event, context) return 1", "Runtime.UserCodeSyntaxError"),
        ("other = 1", "Runtime.HandlerNotFound"),
        ("raise RuntimeError('at import')", "RuntimeError"),
    ],
)
def test_what_cannot_be_loaded_is_lambdas_init_error(deploy, source: str, error_type: str) -> None:
    """A module that cannot be loaded fails each request with awslambdaric's own error."""
    work = deploy(source)

    assert work.call()["errorType"] == error_type
    assert work.call()["errorType"] == error_type
    assert work.invocation.function_error == "Unhandled"


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_crashed_process_is_an_exit_error_and_replaced(deploy, ending: str, words: str) -> None:
    """A process that ends in mid-request gives Runtime.ExitError; the next request finds a new one."""
    work = deploy(f"import os\ndef handle(event, context):\n    if event: {ending}\n    return os.getpid()")
    first = work.call()

    error = work.call("crash")

    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"] == f"RequestId: {work.invocation.request_id} Error: {words}"
    assert work.invocation.function_error == "Unhandled"
    assert work.call() != first


def test_a_process_that_died_while_it_waited_is_replaced_unseen(deploy, running, wait_for) -> None:
    """Between two requests a dead process costs nobody a request."""
    work = deploy("import os\ndef handle(event, context): return os.getpid()")
    first = work.call()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not running(first))

    assert work.call() != first
    assert work.invocation.function_error is None


def test_a_timeout_ends_the_process_and_what_it_started(deploy, running, wait_for) -> None:
    """After its timeout a function is killed with its children, in Lambda's words; the next request gets another."""
    work = deploy(
        "import os, subprocess, time\n"
        "def handle(event, context):\n"
        "    if not event: return os.getpid()\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        "    print('child', child.pid)\n"
        "    time.sleep(60)",
        timeout_seconds=1,
    )
    first = work.call()

    error = work.call("hang")

    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"] == f"RequestId: {work.invocation.request_id} Error: Task timed out after 1.00 seconds"
    assert work.invocation.function_error == "Unhandled"
    child = next(int(line.split()[-1]) for line in work.log if " child " in line)
    wait_for(lambda: not running(child))
    assert not running(first)
    assert work.call() != first


GREEDY = """
import os, time
def handle(event, context):
    try:
        held = bytearray(event * 1024 * 1024)
        held[::4096] = b"x" * len(held[::4096])  # each page is written, so that it is really held
        time.sleep(60 if context.memory_limit_in_mb == "100" else 0)
        del held
    except MemoryError:
        return "caught"
    return os.getpid()
"""


@pytest.mark.parametrize("memory_mb", [100, 200], ids=["while it holds it", "after it has given it back"])
def test_a_function_that_holds_too_much_memory_is_killed(deploy, running, wait_for, memory_mb: int) -> None:
    """At once, or as soon as it answers; it can catch nothing, and the next request finds a new process."""
    work = deploy(GREEDY, memory_mb=memory_mb)
    first = work.call(1) if memory_mb > 100 else 0

    error = work.call(300)

    assert error["errorType"] == "Runtime.ExitError"
    words = "Runtime exited with error: signal: killed"
    assert error["errorMessage"] == f"RequestId: {work.invocation.request_id} Error: {words}"
    assert work.invocation.function_error == "Unhandled"
    assert work.log[-1].endswith(words)
    if first:
        wait_for(lambda: not running(first))
        assert work.call(1) not in (first, "caught")


def test_a_function_may_hold_its_memory(deploy) -> None:
    """What is within the limit costs no process."""
    work = deploy(GREEDY, memory_mb=200)

    assert work.call(100) == work.call(100)
    assert work.invocation.function_error is None


def test_an_answer_over_six_megabytes_is_refused(deploy) -> None:
    """An answer of 6 MiB and 100 bytes passes; one byte more is Function.ResponseSizeTooLarge and costs the process."""
    work = deploy("def handle(event, context): return 'x' * event")
    limit = 6 * 1024 * 1024 + 100

    assert len(work.call(limit - 2)) == limit - 2
    error = work.call(limit - 1)

    assert error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": f"Response payload size ({limit + 1} bytes) exceeded maximum allowed payload size "
        f"({limit} bytes).",
    }
    assert work.invocation.function_error == "Unhandled"
    assert work.call(1) == "x"


def test_each_line_is_shown_under_its_request(deploy) -> None:
    """What a function prints, on either stream or by its logger, carries its name and the id of the request."""
    work = deploy(
        "import logging, sys\n"
        "print('loading')\n"
        "def handle(event, context):\n"
        "    print('out', event)\n"
        "    print('err', event, file=sys.stderr)\n"
        "    logging.warning('log %s', event)",
    )
    work.call(1)
    first = work.invocation.request_id
    work.call(2)
    second = work.invocation.request_id

    assert work.log[0] == "work init loading"
    assert f"work {first} out 1" in work.log
    assert f"work {second} out 2" in work.log
    assert f"work {first} err 1" in work.log
    assert any(line.startswith(f"work {second} [WARNING]") and line.endswith("log 2") for line in work.log)


def test_lambdas_own_faults_are_logged(deploy) -> None:
    """A crash is shown among the function's lines, and a stack trace line by line."""
    work = deploy("import os\ndef handle(event, context):\n    if event: raise ValueError('bad')\n    os._exit(1)")
    work.call("raise")
    failed = work.invocation.request_id
    work.call()

    assert f"work {failed} [ERROR] ValueError: bad" in work.log
    assert any(line.startswith(f"work {failed}") and "handler.py" in line for line in work.log)
    assert work.log[-1].endswith("Runtime exited with error: exit status 1")


def test_what_is_logged_is_kept(deploy) -> None:
    """In the function's group and the process's own stream, which it knows; a stack trace is one event."""
    names = "os.environ['AWS_LAMBDA_LOG_GROUP_NAME'], os.environ['AWS_LAMBDA_LOG_STREAM_NAME']"
    work = deploy(f"import os\ndef handle(event, context):\n    print({names})\n    raise ValueError('bad')")
    work.call()
    (spec, stream, first), (_, _, second) = work.kept

    assert first == f"{spec.log_group} {stream}"
    assert second.startswith("[ERROR] ValueError: bad\nTraceback")


def test_text_is_utf8(deploy) -> None:
    """A function prints and answers in UTF-8 whatever locales this machine has."""
    work = deploy("def handle(event, context):\n    print(event)\n    return event")

    assert work.call("Größe ✓") == "Größe ✓"
    assert f"work {work.invocation.request_id} Größe ✓" in work.log
