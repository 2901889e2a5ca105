"""Which kinds of classes have a form: those recognised by what they are, and registered ones."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from outlast._codec.models import model_shape
from outlast._codec.records import attrs_shape, dataclass_shape, named_tuple_shape, struct_shape
from outlast._codec.scalars import SCALAR_BY_TAG
from outlast._codec.shapes import Shapes

SHAPES: Final = Shapes((struct_shape, named_tuple_shape, model_shape, attrs_shape, dataclass_shape))

BUILT_IN_TAGS: Final = frozenset(SCALAR_BY_TAG) | {
    "dict",
    "tuple",
    "set",
    "frozenset",
    "object",
    "enum",
    "exception",
}


class Registration(msgspec.Struct, frozen=True):
    """A class that was given a form of its own."""

    tag: str
    encode: Callable[[Any], object]
    decode: Callable[[Any], object]
