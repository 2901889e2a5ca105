"""Any value of the supported kinds comes back equal and of the same types, from the same bytes."""

import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from outlast._codec import Codec
from tests.unit.codec.samples import (
    Bits,
    Colour,
    Customer,
    Level,
    Money,
    Order,
    Pair,
    Person,
    Point,
    Right,
    Unit,
    same,
)

CODEC = Codec()

zones = st.sampled_from(
    [
        None,
        UTC,
        timezone(timedelta(hours=5, minutes=30)),
        timezone(timedelta(hours=-3), "here"),
        ZoneInfo("Europe/Berlin"),
        ZoneInfo("UTC"),
    ]
)
texts = st.text(max_size=6) | st.sampled_from(["$type", "\ud800", "a\udc00\ud800", "\0", '"$type"'])
hashables = st.one_of(
    st.none(),
    st.booleans(),
    st.integers() | st.sampled_from([2**64, -(2**63) - 1, 10**30]),
    st.floats() | st.just(-0.0),
    texts,
    st.binary(max_size=6),
    st.complex_numbers(allow_nan=False),
    st.decimals(),
    st.datetimes(timezones=zones, allow_imaginary=True).flatmap(
        lambda when: st.sampled_from([when, when.replace(fold=1)])
    ),
    st.dates(),
    st.times(timezones=zones),
    st.timedeltas(),
    st.uuids(),
    st.builds(Path, st.sampled_from(["", "/a/b", "c/ü", "x\udcff"])),
    st.builds(PurePosixPath, st.sampled_from(["", "/a/b"])),
    st.builds(PureWindowsPath, st.sampled_from(["c:\\a", "b/c"])),
    st.sampled_from([*Colour, *Level, *Unit, *Right, Right(0), Right(3), Bits(3), Bits(8)]),
)


def _equals_itself(key: object) -> bool:
    # Asked of the text: a signalling NaN cannot even be compared.
    return not isinstance(key, float | Decimal) or "nan" not in str(key).lower()


keys = st.one_of(texts, hashables.filter(_equals_itself), st.tuples(texts, st.booleans()))


def _with_containers(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(values, max_size=3),
        st.lists(values, max_size=3).map(tuple),
        st.dictionaries(texts, values, max_size=3),
        st.dictionaries(keys, values, max_size=3),
        st.frozensets(keys, max_size=3),
        st.sets(keys, max_size=3),
        st.binary(max_size=4).map(bytearray),
        st.builds(Order, st.integers(), values, texts),
        st.builds(Order.Line, texts, values),
        st.builds(Money, amount=values),
        values.map(lambda item: Customer(item, [item])),
        values.map(Point),
        values.map(Pair),
        st.builds(Person, name=st.just("Ada"), tags=values),
    )


values = st.recursive(hashables, _with_containers, max_leaves=8)


@given(values)
def test_every_value_comes_back(value: Any) -> None:
    payload = CODEC.encode(value)
    back = CODEC.decode(payload)
    assert same(back, value), (value, payload, back)


@given(values)
def test_encoding_again_gives_the_same_bytes(value: Any) -> None:
    payload = CODEC.encode(value)
    assert CODEC.encode(CODEC.decode(payload)) == payload


@given(values)
def test_payloads_are_json_that_others_can_read(value: Any) -> None:
    msgspec.json.decode(CODEC.encode(value).decode())


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("ab$", max_size=3), inner),
    max_leaves=10,
)


@given(plain)
def test_json_values_are_written_as_themselves(value: Any) -> None:
    payload = CODEC.encode(value)
    assert payload == msgspec.json.encode(value)
    assert same(CODEC.decode(msgspec.Raw(payload)), value)


def test_a_set_is_encoded_alike_whatever_the_hash_seed() -> None:
    assert len(set(map(_encoded_with_seed, ("0", "1", "2")))) == 1


PROGRAM = """
from outlast._codec import Codec
value = {"set": {"a", "b", "c", ("d", 1), frozenset({"x", "y", "z"})}, "dict": {"b": 1, "a": {2, 1}}}
print(Codec().encode(value).decode())
"""


def _encoded_with_seed(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_shared_objects_are_written_each_time() -> None:
    shared = [1, (2,)]
    assert CODEC.decode(CODEC.encode([shared, shared])) == [shared, shared]


def test_forms_are_readable() -> None:
    assert _text((1, {"a"})) == '{"$type":"tuple","items":[1,{"$type":"set","items":["a"]}]}'
    assert _text({"$type": 1}) == '{"$type":"dict","items":[["$type",1]]}'
    assert _text(Level.HIGH) == (
        '{"$type":"enum","class":"tests.unit.codec.samples:Level","name":"HIGH"}'
    )
    assert _text(Pair(1)) == (
        '{"$type":"object","class":"tests.unit.codec.samples:Pair","fields":{"left":1,"right":null}}'
    )


def _text(value: object) -> str:
    return CODEC.encode(value).decode()


def test_integers_too_long_for_decimal_digits_come_back() -> None:
    value = [10**5000, -(10**5000)]
    assert CODEC.decode(CODEC.encode(value)) == value


def test_order_of_keys_is_kept() -> None:
    value: dict[Any, int] = {"b": 1, 2: 2, (1,): 3, None: 4, True: 5, "a": 6}
    back: Iterable[Any] = CODEC.decode(CODEC.encode(value))
    assert list(back) == list(value)
