"""Events to the bytes of a log and back. Payloads are embedded as they are."""

from typing import Final, get_args

import msgspec

from outlast._model.events import Event, Logged
from outlast.errors import DecodeError
from outlast.world import EventDraft, StoredEvent

_KINDS: Final[dict[type, str]] = {cls: cls.__struct_config__.tag for cls in get_args(Event)}
_KNOWN: Final = frozenset(_KINDS.values())

_NEWER: Final = "A newer version of Outlast wrote it: upgrade the library in this process."
_DAMAGED: Final = "The database was changed by hand, or is damaged: restore a backup."

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Event).decode


def encode_event(event: Event) -> EventDraft:
    """The event as a world takes it."""
    return EventDraft(_KINDS[type(event)], _encode(event))


def decode_event(stored: StoredEvent) -> Logged:
    """The event as it was. Its payloads are views into the stored bytes.

    Raises `DecodeError` for a kind that this version of the library does not know, and for bytes
    that are not such an event.
    """
    try:
        event = _decode(stored.data)
    except (ValueError, RecursionError) as error:
        raise _unreadable(stored, str(error)) from None
    if _KINDS[type(event)] != stored.kind:
        raise _unreadable(stored, f"its bytes are those of {_KINDS[type(event)]!r}")
    return Logged(stored.position, stored.at, event)


def _unreadable(stored: StoredEvent, reason: str) -> DecodeError:
    path = f"$[{stored.position}]"
    if stored.kind not in _KNOWN:
        reason = f"there is an event of the kind {stored.kind!r}, which this version does not know"
        return DecodeError(path, reason, hint=_NEWER)
    return DecodeError(path, f"the event {stored.kind!r} is damaged: {reason}", hint=_DAMAGED)
