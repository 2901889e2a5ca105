"""Between the values of a stream and its chunks."""

from functools import cache
from typing import Any, Final

import msgspec

from outlast._codec import Codec, class_name
from outlast._codec.classes import find_class
from outlast.errors import PayloadTooLargeError
from outlast.world import Chunk

_TYPES: Final[dict[str, Any]] = {}
"""The types that this process has named, by their names. A handle has only the name: it may be recorded, as
an argument of a step."""


def type_name(wanted: Any) -> str | None:
    """The name of a type of chunks. This process knows the type by it from now on."""
    if wanted is None or wanted is Any:
        return None
    name = class_name(wanted) if isinstance(wanted, type) else repr(wanted)
    _TYPES[name] = wanted
    return name


def chunk_of(value: object, of: str | None, codec: Codec) -> Chunk:
    """The chunk of a value. Raises what the codec raises, and `pydantic.ValidationError`."""
    if of is not None:
        value = _adapter(of).validate_python(value)
    if type(value) is bytes:
        if len(value) > codec.limit:
            raise PayloadTooLargeError(len(value), codec.limit, what="chunk of a stream")
        return Chunk(value, raw=True)
    return Chunk(codec.encode(value, what="chunk of a stream"))


def value_of(chunk: Chunk, of: str | None, codec: Codec) -> Any:
    """The value of a chunk. Raises `DecodeError` and `pydantic.ValidationError`."""
    value = chunk.data if chunk.raw else codec.decode(chunk.data)
    return value if of is None else _adapter(of).validate_python(value)


def form_of(chunk: Chunk, codec: Codec) -> Any:
    """The JSON of a chunk, in which other types are tagged objects."""
    return msgspec.json.decode(codec.encode(chunk.data) if chunk.raw else chunk.data)


@cache
def _adapter(of: str) -> Any:
    from pydantic import TypeAdapter  # slow to import, and only needed for streams with types

    wanted = _TYPES.get(of) or find_class(of)
    if wanted is None:
        message = f"the type of a stream is not known in this process: {of}"
        raise TypeError(message)
    return TypeAdapter(wanted)
