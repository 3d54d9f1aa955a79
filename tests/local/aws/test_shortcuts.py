from functools import partial

from moto import backends
from moto.core import responses, serialize
from moto.sqs.models import Message
from moto.sqs.responses import SQSResponse

from local.aws import shortcuts


def test_moto_finds_the_same():
    """A shortcut leads where the long way does."""
    own = [*backends.list_of_moto_modules()]
    methods, name = responses.method_names_from_class(SQSResponse), responses.camelcase_to_underscores("PutItem")

    with shortcuts.in_place():
        assert backends.list_of_moto_modules() == set(own)
        assert responses.method_names_from_class(SQSResponse) == methods
        assert responses.camelcase_to_underscores("PutItem") == name
        assert serialize.xform_name("PutItem") == "put_item"


def test_receipt_handles_and_request_ids_are_new_each_time():
    """As long as moto's, or a character off."""
    with shortcuts.in_place():
        handles, headers = set(), [{}, {}]
        for _ in range(2):
            message = Message("1", "body")
            message.mark_received()
            handles.add(message.receipt_handle)
        ids = {responses.gen_amzn_requestid_long(one) for one in headers}

    assert len(handles) == 2
    assert {len(one) for one in handles} == {184}
    assert ids == {one["x-amzn-requestid"] for one in headers}
    assert {len(one) for one in ids} == {52}


def test_they_are_gone_afterwards(monkeypatch):
    """Whoever uses moto next in this process finds it as it was, be it with the shortcuts of another AWS."""
    for owner, name, _ in shortcuts.shortcuts():
        monkeypatch.setattr(owner, name, partial(getattr(owner, name)))
    before = [getattr(owner, name) for owner, name, _ in shortcuts.shortcuts()]
    with shortcuts.in_place():
        during = [getattr(owner, name) for owner, name, _ in shortcuts.shortcuts()]

    assert [getattr(owner, name) for owner, name, _ in shortcuts.shortcuts()] == before
    assert not {id(one) for one in during} & {id(one) for one in before}
