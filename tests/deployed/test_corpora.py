import json

from corpora.payloads import run

EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "n": 7, "data": {"a": "\ufffd"}}
PAYLOADS = {
    "an object": b'{ "a" : 1.10 ,\r\n "b" : [ 1E400, -0, "\\ud83d\\ude00" ] }\n',
    "an array": b'[1, {"a":1,"a":2}, "three", NaN]',
    "a replacement character": b'{"name":"M\xef\xbf\xbdller"}',
    "a byte that is no UTF-8": b'{"name":"M\xffller"}',
    "a surrogate in UTF-8": b'{"name":"\xed\xa0\x80"}',
    "a character of four bytes, one missing": b'{"name":"\xf0\x9f\x98"}',
    "a byte order mark": b"\xef\xbb\xbf[1]",
    "a name twice": b'{"a":1,"a":2}',
    "a scalar": b'"text"',
    "a lone surrogate": b'["\\udc00"]',
    "broken": b'{"a":',
    "blanks": b" \n",
    "nothing": b"",
    "lines": b'{"a":1}\n\n[2]\r\n3',
    "a CloudEvent": json.dumps(EVENT, ensure_ascii=False).encode(),
    "CloudEvents": json.dumps([EVENT, {**EVENT, "id": "2", "data": None}]).encode(),
    "too large for a stream": b'{"text":"' + "\u00e9\ufffd".encode() * 250_000 + b'"}',
}


def test_payloads_of_every_kind_land_byte_by_byte(stage, http) -> None:
    """Whatever is posted, in whatever way, is answered as a second reading of the contract says, and lands as it is."""
    faults, counts = run(stage, http.credential, list(PAYLOADS.items()))

    assert faults == []
    assert counts.total() >= 13 * len(PAYLOADS)
