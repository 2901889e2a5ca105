"""What has no durable form is refused, with the path to it; so is what is too large."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from outlast._codec import Codec
from outlast._codec.plain import MAX_DEPTH
from outlast.errors import EncodeError, PayloadTooLargeError
from tests.unit.codec import samples

CODEC = Codec()


class _Text(str):
    pass


class _Float(float):
    pass


class _Zone(tzinfo):
    def utcoffset(self, _when: datetime | None) -> timedelta:
        return timedelta(hours=1)

    def dst(self, _when: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, _when: datetime | None) -> str:
        return "here"


def _refused(value: object) -> EncodeError:
    with pytest.raises(EncodeError) as caught:
        CODEC.encode(value)
    return caught.value


@pytest.mark.parametrize(
    ("wrap", "path"),
    [
        (lambda bad: bad, "$"),
        (lambda bad: {"items": [1, 2, 3, {"client": bad}]}, "$.items[3].client"),
        (lambda bad: {"a b": bad}, "$['a b']"),
        (lambda bad: {"": [bad]}, "$[''][0]"),
        (lambda bad: {(1, 2): bad}, "$[(1, 2)]"),
        (lambda bad: {"$type": {1: bad}}, "$['$type'][1]"),
        (lambda bad: {"k": {1: 2, bad: 3}}, "$.k.keys()[1]"),
        (lambda bad: (1, (bad,)), "$[1][0]"),
        (lambda bad: {"s": {bad}}, "$.s{...}"),
        (lambda bad: frozenset({(1, bad)}), "${...}[1]"),
        (lambda bad: samples.Order(1, [bad]), "$.lines[0]"),
        (lambda bad: samples.Money(amount=bad), "$.amount"),
        (lambda bad: samples.Customer("x", hush=bad), "$._secret"),
        (lambda bad: samples.Point(bad), "$.x"),
        (lambda bad: samples.Pair(1, bad), "$.right"),
        (lambda bad: samples.Person(name="x", labels={"y": bad}), "$.tags.y"),
        (lambda bad: samples.Loose.model_validate({"id": 1, "more": bad}), "$.more"),
        (lambda bad: samples.Derived(samples.Box(bad)), "$.width.item"),
    ],
)
def test_the_error_names_the_path(wrap: Callable[[object], object], path: str) -> None:
    bad = threading.Lock()
    error = _refused(wrap(bad))
    assert (error.path, error.value_type) == (path, "_thread.lock")
    assert path in str(error)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (samples.Plain(), "no durable form"),
        (samples.Plain, "no durable form"),
        (len, "no durable form"),
        (lambda: None, "no durable form"),
        (iter([]), "no durable form"),
        (range(3), "no durable form"),
        (deque([1]), "no durable form"),
        (object(), "no durable form"),
        (..., "no durable form"),
        (samples.Named(a=1), "a subclass of dict that would come back as a plain dict"),
        (OrderedDict(a=1), "a subclass of dict"),
        (_Text("x"), "a subclass of str"),
        (_Float(1.0), "a subclass of float"),
        (datetime(2026, 1, 1, tzinfo=_Zone()), "use zoneinfo.ZoneInfo"),
    ],
)
def test_what_would_lose_its_type_is_refused_with_the_reason(value: object, reason: str) -> None:
    assert reason in str(_refused([value]))


def test_subclasses_of_keys_are_refused_too() -> None:
    assert _refused({_Text("x"): 1}).path == "$.keys()[0]"


def test_a_path_survives_keys_whose_repr_fails() -> None:
    assert _refused({_Unprintable.ONE: object()}).path.startswith("$[<")


class _Unprintable(Enum):
    ONE = 1

    def __repr__(self) -> str:
        raise ZeroDivisionError


def test_a_dataclass_with_a_field_that_is_not_set_is_refused() -> None:
    value = samples.Order(1)
    del value.id
    assert "whose field 'id' is not set" in str(_refused(value))


def test_an_attribute_whose_name_is_no_text_is_refused() -> None:
    value = samples.Loose.model_validate({"id": 1})
    value.__pydantic_extra__ = {"\ud800": 1}
    assert "a name without a UTF-8 form" in str(_refused({"v": value}))


def test_what_is_encoded_is_named() -> None:
    with pytest.raises(EncodeError, match="the result of step 'charge' cannot be stored"):
        CODEC.encode(object(), what="result of step 'charge'")
    with pytest.raises(PayloadTooLargeError, match="the argument takes"):
        Codec(limit=10).encode("x" * 20, what="argument")


def _list_cycle() -> Any:
    value: list[Any] = [1]
    value.append({"again": value})
    return value


def _key_cycle() -> Any:
    box = samples.Box[Any](None)
    box.item = {1: (box,)}
    return {"box": box}


def _wide_cycle() -> Any:
    value: list[Any] = []
    value += [value] * 50
    return value


def _model_cycle() -> Any:
    person = samples.Person(name="x")
    person.tags = [person]
    return person


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (_list_cycle, "$[1].again"),
        (_key_cycle, "$.box.item[1][0]"),
        (_wide_cycle, "$[0]"),
        (_model_cycle, "$.tags[0]"),
    ],
)
def test_a_cycle_is_refused_where_it_closes(make: Callable[[], object], path: str) -> None:
    error = _refused(make())
    assert error.path == path
    assert "which contains itself" in str(error)


def _nested(depth: int, wrap: Callable[[object], object]) -> object:
    value: object = 1
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "wrap", [lambda v: [v], lambda v: {"a": v}, lambda v: (v,), lambda v: samples.Box(v)]
)
def test_depth_has_one_limit_for_all_kinds(wrap: Callable[[object], object]) -> None:
    deepest = _nested(MAX_DEPTH, wrap)
    assert CODEC.encode(CODEC.decode(CODEC.encode(deepest))) == CODEC.encode(deepest)
    assert f"deeper than {MAX_DEPTH} levels" in str(_refused(_nested(MAX_DEPTH + 1, wrap)))


def test_very_deep_nesting_is_no_recursion_error() -> None:
    assert "levels" in str(_refused(_nested(100_000, lambda value: [value])))


@pytest.mark.parametrize("value", ["x" * 98, [1] * 49 + [10], ("x" * 68,)])
def test_the_limit_is_on_the_bytes(value: object) -> None:
    size = len(CODEC.encode(value))
    assert Codec(limit=size).encode(value) == CODEC.encode(value)
    with pytest.raises(PayloadTooLargeError) as caught:
        Codec(limit=size - 1).encode(value)
    assert (caught.value.size, caught.value.limit) == (size, size - 1)


@pytest.mark.parametrize("wrap", [list, tuple])
def test_a_value_whose_text_would_fill_the_memory_is_refused(wrap: Callable[..., object]) -> None:
    value: Any = Decimal(1)
    for _ in range(40):
        value = wrap([value, value])
    with pytest.raises(PayloadTooLargeError):
        Codec(limit=10_000).encode(value)


def test_long_plain_lists_are_not_taken_for_endless() -> None:
    value = [[n] for n in range(100_000)]
    assert CODEC.decode(CODEC.encode(value)) == value
