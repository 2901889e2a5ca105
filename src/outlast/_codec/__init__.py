"""Value to payload and back: readable JSON, never pickle; and events to the bytes of a log.

JSON types stand for themselves. Everything else is an object with the key `$type`:

    {"$type": "tuple", "items": [1, 2]}
    {"$type": "datetime", "value": "2026-03-01T09:00:00", "zone": "Europe/Berlin"}
    {"$type": "object", "class": "shop.orders:Order", "fields": {"id": 7}}

A payload is data and stays data: decoding imports nothing and calls no class's `__init__`
(`msgspec.Struct` apart, see `records`).
"""

from outlast._codec.classes import class_name, durable_module
from outlast._codec.codec import Codec
from outlast._codec.error_text import ErrorText
from outlast._codec.error_write import recorded_traceback
from outlast._codec.events import decode_event, encode_event
from outlast._codec.marks import Dropped

__all__ = [
    "Codec",
    "Dropped",
    "ErrorText",
    "class_name",
    "decode_event",
    "durable_module",
    "encode_event",
    "recorded_traceback",
]
