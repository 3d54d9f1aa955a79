import os
from urllib.request import getproxies_environment, proxy_bypass_environment

import pytest

from local.loopback import reach_directly

HERE = "localhost,127.0.0.1,::1"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, HERE),
        ("", HERE),
        ("intranet.example", f"intranet.example,{HERE}"),
        ("localhost, intranet.example", "localhost,intranet.example,127.0.0.1,::1"),
        ("*", "*"),
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_this_machine_is_added_to_what_no_proxy_takes(monkeypatch, name, before, after) -> None:
    """What was listed stays, nothing is listed twice, and `*` stands alone, as its readers want it."""
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    if before is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, before)

    reach_directly()

    assert os.environ[name] == after


@pytest.mark.parametrize("host", ["localhost:4566", "127.0.0.1:4566"])
def test_python_takes_no_proxy_to_this_machine(monkeypatch, host) -> None:
    """Though HTTP_PROXY is set; the rest of the world stays behind it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")

    reach_directly()

    assert getproxies_environment()["http"] == "http://127.0.0.1:9"
    assert proxy_bypass_environment(host)
    assert not proxy_bypass_environment("example.com")
