import re

import pytest
from fake_clock import FakeClock
from fake_keeping import Keeping

from distributary.aws import timeouts
from distributary.errors import SinkUnavailable
from distributary.events import Event

FAR = 1e9


def event(data: str | bytes, **attributes: str) -> Event:
    """An event with this data."""
    return Event(0, {"id": "i", "source": "s", **attributes}, data)


@pytest.fixture
def keeping() -> Keeping:
    """The bucket."""
    return Keeping(FakeClock().clock)


@pytest.mark.parametrize(
    ("data", "attributes", "kind"),
    [
        ("[1.10]", {}, "application/json"),
        (b"\xff", {}, "application/octet-stream"),
        (b"<a/>", {"datacontenttype": "text/xml"}, "text/xml"),
        (b"a=1", {"datacontenttype": "application/x-www-form-urlencoded"}, "application/x-www-form-urlencoded"),
        ("[1]", {"datacontenttype": "application/vnd.x+json"}, "application/vnd.x+json"),
        # None of these can be a header.
        ("[1]", {"datacontenttype": "text/caf\u00e9"}, "application/octet-stream"),
        (b"x", {"datacontenttype": "text/\u65e5\u672c"}, "application/octet-stream"),
        (b"x", {"datacontenttype": "text/x; a=\u2028"}, "application/octet-stream"),
        (b"x", {"datacontenttype": "text/x\r\nx-amz-acl: public-read"}, "application/octet-stream"),
        (b"x", {"datacontenttype": "no type at all"}, "application/octet-stream"),
        (b"x", {"datacontenttype": "text/" + "x" * 9000}, "application/octet-stream"),
    ],
)
def test_the_data_lies_in_the_bucket_as_it_was_posted(keeping, data, attributes: dict, kind: str) -> None:
    """The object holds the data with its content type; the event keeps its attributes and names the object."""
    claimed = keeping.claim_check.check_in(event(data, **attributes), until=FAR)
    [(_, put)] = keeping.s3.calls

    assert put["Body"] == (data.encode() if isinstance(data, str) else data)
    assert put["ContentType"] == kind
    assert put["Key"].startswith("claims/2023/11/14/")
    assert claimed.data is None
    assert claimed.attributes == {"id": "i", "source": "s", **attributes, "dataref": f"s3://lake/{put['Key']}"}


def test_the_same_event_lies_in_the_same_place_and_another_does_not(keeping) -> None:
    """Sent again, an event writes the same object; another content under the same id never replaces it."""
    for one in ("[1]", "[1]", "[2]"):
        keeping.claim_check.check_in(event(one), until=FAR)

    assert sorted(keeping.objects.values()) == [b"[1]", b"[2]"]


def test_an_event_chooses_no_part_of_the_place(keeping) -> None:
    """Not by its id, its source or its type: the name is a hash."""
    keeping.claim_check.check_in(
        event("[1]", id="../../errors/x", source="a/../\u2028", type="..", time=".."), until=FAR
    )

    [place] = keeping.objects
    assert re.fullmatch(r"claims/2023/11/14/[0-9a-f]{64}", place)


def test_no_call_starts_that_may_end_too_late(keeping) -> None:
    """Without the time of one call nothing is stored."""
    with pytest.raises(SinkUnavailable):
        keeping.claim_check.check_in(event("[1]"), until=timeouts.CALL - 0.1)
    assert keeping.objects == {}
