"""What a function defines is refused: no later process could find the class again."""

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from enum import Enum, Flag
from typing import Any, NamedTuple

import attrs
import msgspec
import pytest
from pydantic import BaseModel

from outlast._codec import Codec
from outlast.errors import EncodeError
from tests.unit.codec import samples

CODEC = Codec()


def _dataclass() -> Any:
    @dataclass
    class Local:
        item: int

    return Local(1)


def _model() -> Any:
    class Local(BaseModel):
        item: int

    return Local(item=1)


def _attrs() -> Any:
    @attrs.define
    class Local:
        item: int

    return Local(1)


def _struct() -> Any:
    class Local(msgspec.Struct):
        item: int

    return Local(1)


def _named_tuple() -> Any:
    class Local(NamedTuple):
        item: int

    return Local(1)


def _enum() -> Any:
    class Local(Enum):
        ONE = 1

    return Local.ONE


def _flag() -> Any:
    class Local(Flag):
        ONE = 1

    return Local.ONE


def _of_a_local_class() -> Any:
    class Outer:
        @dataclass
        class Local:
            item: int

    return Outer.Local(1)


@pytest.mark.parametrize(
    "make",
    [_dataclass, _model, _attrs, _struct, _named_tuple, _enum, _flag, _of_a_local_class],
)
def test_each_kind_is_refused_with_the_path_and_the_way_out(make: Callable[[], Any]) -> None:
    error = _refused({"items": [1, make()]})
    assert error.path == "$.items[1]"
    assert "which a function defines" in str(error)
    assert "Define the class at module level (or register it" in str(error)


_named: Any = namedtuple
_enumerated: Any = Enum


@pytest.mark.parametrize(
    "value",
    [
        make_dataclass("Made", ["item"])(1),
        _named("Made", ["item"])(1),
        _enumerated("Made", "ONE").ONE,
    ],
    ids=["dataclass", "namedtuple", "enum"],
)
def test_so_is_a_class_that_its_module_does_not_have(value: Any) -> None:
    error = _refused([value])
    assert error.path == "$[0]"
    assert "which its module does not have under this name" in str(error)


def test_a_refusal_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    value = _enumerated("LaterThere", "ONE", module=__name__).ONE
    _refused(value)
    monkeypatch.setitem(globals(), "LaterThere", type(value))
    assert CODEC.decode(CODEC.encode(value)) == value


def test_a_registered_class_may_be_local() -> None:
    value = _dataclass()
    codec = Codec()
    codec.register(type(value), tag="local", encode=lambda one: one.item, decode=type(value))
    assert codec.decode(codec.encode([value])) == [value]


def test_in_an_exception_it_is_dropped_as_anything_without_a_form() -> None:
    back = CODEC.decode_error(CODEC.encode_error(samples.PaymentError(7, client=_dataclass())))
    assert isinstance(back, samples.PaymentError)
    assert repr(back.client).startswith("<dropped ")
    assert "<locals>.Local" in repr(back.client)


def _refused(value: object) -> EncodeError:
    with pytest.raises(EncodeError) as caught:
        CODEC.encode(value)
    return caught.value
