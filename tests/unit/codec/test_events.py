"""Every event comes back; payloads in it are the bytes that were put in."""

from typing import Any, get_args

import msgspec
import pytest

from outlast._codec import Codec, decode_event, encode_event
from outlast._model.events import Event, RunCreated, StepCompleted, WakeRequested
from outlast._model.runs import Parent, Waiting
from outlast.errors import DecodeError
from outlast.world import StoredEvent

PAYLOAD = b'{ "ok": [1.50, "\\u00e9"] }'


def _sample(cls: type[Any], *, full: bool) -> Any:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(cls):
        if field.required or full:
            values[field.name] = _value(field.type)
    return cls(**values)


def _value(kind: Any) -> Any:
    options = get_args(kind) or (kind,)
    if msgspec.Raw in options:
        return msgspec.Raw(PAYLOAD)
    if bool in options:
        return True
    if Parent in options:
        return Parent("run_1", "child#1", detached=True)
    if Waiting in options:
        return (Waiting(kind="wait", ref="sleep#1", until=7, line="flow.py:1", since=1),)
    if str in options and dict not in (kind, getattr(kind, "__origin__", None)):
        return "text"
    return {"tenant": "acme", "n": 1, "none": None} if int not in options else 7


def _stored(event: Event) -> StoredEvent:
    draft = encode_event(event)
    return StoredEvent(4, 1_000_000, draft.kind, draft.data)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("cls", get_args(Event), ids=lambda cls: cls.__name__)
def test_every_event_comes_back(cls: type[Any], *, full: bool) -> None:
    event = _sample(cls, full=full)
    stored = _stored(event)
    assert stored.kind == cls.__struct_config__.tag
    logged = decode_event(stored)
    assert (logged.position, logged.at) == (4, 1_000_000)
    assert type(logged.event) is cls
    assert encode_event(logged.event).data == stored.data


def test_payloads_are_embedded_as_they_are() -> None:
    event = _sample(StepCompleted, full=True)
    stored = _stored(event)
    assert stored.data.count(PAYLOAD) == 2
    back = decode_event(stored).event
    assert isinstance(back, StepCompleted)
    assert bytes(back.result) == PAYLOAD
    assert Codec().decode(back.result) == {"ok": [1.5, "é"]}


def test_tagged_payloads_are_read_from_the_event() -> None:
    codec = Codec()
    event = RunCreated(
        workflow="fulfil", version="1", input=msgspec.Raw(codec.encode({"args": [(1, 2)]}))
    )
    back = decode_event(_stored(event)).event
    assert isinstance(back, RunCreated)
    assert codec.decode(back.input) == {"args": [(1, 2)]}


def test_defaults_are_left_out() -> None:
    assert encode_event(WakeRequested()).data == b'{"kind":"wake_requested"}'


def test_fields_that_a_later_version_added_are_passed_over() -> None:
    stored = StoredEvent(0, 1, "wake_requested", b'{"kind":"wake_requested","by":"Ada"}')
    assert decode_event(stored).event == WakeRequested()


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("moon_landed", b'{"kind":"moon_landed"}', "an event of the kind 'moon_landed'"),
        ("moon_landed", b"", "an event of the kind 'moon_landed'"),
        ("wake_requested", b"{", "'wake_requested' is damaged"),
        ("wake_requested", b'{"kind":"wake_requested"', "is damaged"),
        ("step_completed", b'{"kind":"step_completed"}', "missing required field"),
        ("wake_requested", b'{"kind":"run_cancelled"}', "its bytes are those of 'run_cancelled'"),
        ("run_cancelled", b'{"kind":"run_cancelled","reason":"\xff"}', "is damaged"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(kind: str, data: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        decode_event(StoredEvent(17, 1, kind, data))
    assert caught.value.path == "$[17]"
