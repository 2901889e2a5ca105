"""Classes with named fields: what of each kind is kept, and how they may change later."""

import copy
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel
from pydantic.dataclasses import dataclass as pydantic_dataclass

from outlast._codec import Codec
from outlast.errors import DecodeError, EncodeError
from tests.unit.codec import samples

CODEC = Codec()


@pydantic_dataclass
class Checked:
    number: int


def _back(value: Any) -> Any:
    back = CODEC.decode(CODEC.encode(value))
    assert type(back) is type(value)
    assert back == value
    return back


@pytest.mark.parametrize(
    "value",
    [
        samples.Order(1, [samples.Order.Line("x", (2,))]),
        samples.Money(amount={1, 2}),
        samples.Box(samples.Box(None)),
        samples.Customer("Ada", hush=("a",)),
        samples.Address("road", (1,)),
        samples.OldAddress("road"),
        samples.Point(1, {"$type": 1}),
        samples.Tagged([1], (2,)),
        samples.Pair((), 1.5),
        samples.Person(name="Ada", labels={1: 2}, born=datetime(2026, 1, 1, tzinfo=UTC)),
        samples.Loose(id=1, **{"$type": (1,), "more": {2}}),
        samples.Numbers([1, 2]),
        samples.Page[int](items=[1]),
        samples.Page[samples.Page[int]](items=[samples.Page[int](items=[])]),
        Checked(1),
        samples.Colour.ROUGE,
    ],
    ids=lambda value: type(value).__name__,
)
def test_it_comes_back(value: Any) -> None:
    _back(value)


def test_a_field_that_init_does_not_take_comes_back_as_it_was() -> None:
    value = samples.Derived(3, factor=5)
    value.area = "changed"
    back = _back(value)
    assert back.area == "changed"
    assert not hasattr(back, "unset")


def test_attributes_beyond_the_fields_come_back_but_cached_properties_do_not() -> None:
    value = samples.Derived(3)
    cached = value.costly
    back = CODEC.decode(CODEC.encode(value))
    assert back.beyond == [3]
    assert back.costly is not cached


def test_the_parameter_of_a_generic_dataclass_is_not_an_attribute() -> None:
    value = samples.Box[int](3)
    assert _back(value).item == 3
    assert b"__orig_class__" not in CODEC.encode(value)


def test_no_init_post_init_or_setattr_runs() -> None:
    value = samples.Strict(1)
    object.__setattr__(value, "number", 0)
    assert _back(value).number == 0


def test_a_struct_has_the_values_that_were_recorded_though_its_post_init_runs() -> None:
    value = samples.Counted(1)
    assert value.count == 2
    assert _back(value).count == 2


@pytest.mark.parametrize("cls", [samples.Address, samples.OldAddress])
def test_cached_hashes_are_not_recorded(cls: type[Any]) -> None:
    value = cls("road")
    hash(value)
    payload = CODEC.encode(value)
    assert b"hash" not in payload
    assert hash(CODEC.decode(payload)) == hash(value)


def test_a_subclass_of_a_named_tuple_keeps_its_attributes() -> None:
    value = samples.PairPlus(1)
    value.note = (1,)  # type: ignore[attr-defined]
    assert _back(value).note == (1,)


class TestModels:
    def test_what_was_given_is_kept(self) -> None:
        back = _back(samples.Person(name="Ada"))
        assert back.model_fields_set == {"name"}
        assert back.model_dump(exclude_unset=True) == {"name": "Ada"}

    def test_private_attributes_are_kept(self) -> None:
        value = samples.Person(name="Ada")
        value._score = (1, 2)
        back = _back(value)
        assert back._score == (1, 2)
        assert not hasattr(back, "_empty")

    def test_nothing_is_validated_so_what_was_constructed_comes_back(self) -> None:
        value = samples.Person.model_construct(name=3)
        assert _back(value).name == 3

    def test_a_frozen_model_stays_frozen_and_copies(self) -> None:
        back = _back(samples.Loose.model_validate({"id": 1, "more": 2}))
        assert copy.deepcopy(back) == back
        with pytest.raises(ValueError, match="frozen"):
            back.id = 2

    def test_a_private_attribute_without_a_form_is_refused(self) -> None:
        value = samples.Person(name="Ada")
        value._score = samples.Plain()
        with pytest.raises(EncodeError) as caught:
            CODEC.encode([value])
        assert caught.value.path == "$[0]._score"


class _V1(msgspec.Struct):
    fields: dict[str, Any]


def _recorded(cls: type, **fields: object) -> bytes:
    name = f"{cls.__module__}:{cls.__qualname__}"
    return msgspec.json.encode({"$type": "object", "class": name, "fields": fields})


class TestChangedClasses:
    @pytest.mark.parametrize(
        ("cls", "fields", "expected"),
        [
            (samples.Order, {"id": 1}, samples.Order(1, [], "")),
            (samples.Money, {"amount": 1}, samples.Money(amount=1)),
            (samples.Customer, {"name": 1}, samples.Customer(1)),
            (samples.Point, {"x": 1}, samples.Point(1)),
            (samples.Tagged, {"long_name": 1}, samples.Tagged(1)),
            (samples.Pair, {"left": 1}, samples.Pair(1)),
            (samples.Person, {"name": "Ada"}, samples.Person(name="Ada")),
        ],
    )
    def test_a_new_field_gets_its_default_and_an_old_one_is_dropped(
        self, cls: type, fields: dict[str, object], expected: object
    ) -> None:
        back = CODEC.decode(_recorded(cls, **fields, gone="by now"))
        assert back == expected
        assert not hasattr(back, "gone")

    @pytest.mark.parametrize(
        "cls",
        [
            samples.Order,
            samples.Money,
            samples.Customer,
            samples.Point,
            samples.Pair,
            samples.Person,
        ],
    )
    def test_a_new_field_without_a_default_is_an_error_that_names_it(self, cls: type) -> None:
        with pytest.raises(DecodeError, match=r"without the field '(id|amount|name|x|left)'"):
            CODEC.decode(_recorded(cls))

    def test_a_class_may_change_its_kind(self) -> None:
        payload = CODEC.encode(samples.Point(1, 2)).replace(b":Point", b":Shape")
        samples.Shape = _Shape  # type: ignore[attr-defined]
        try:
            assert CODEC.decode(payload) == _Shape(x=1, y=2)
        finally:
            del samples.Shape  # type: ignore[attr-defined]


class _Shape(BaseModel):
    x: int
    y: int


class TestRegistered:
    def test_a_registered_class_comes_back(self) -> None:
        codec = Codec()
        codec.register(
            samples.Plain, tag="samples.plain", encode=vars, decode=lambda state: _plain(**state)
        )
        value = _plain(size=(1, 2))
        payload = codec.encode([value])
        assert b'"$type":"samples.plain"' in payload
        assert codec.decode(payload)[0].size == (1, 2)

    def test_it_comes_before_what_the_class_is_otherwise(self) -> None:
        codec = Codec()
        codec.register(
            samples.Pair, tag="pair", encode=list, decode=lambda items: samples.Pair(*items)
        )
        assert codec.encode(samples.Pair(1, 2)) == b'{"$type":"pair","value":[1,2]}'
        assert codec.decode(codec.encode(samples.Pair(1, 2))) == samples.Pair(1, 2)

    @pytest.mark.parametrize("tag", ["tuple", "object", "datetime", "mine"])
    def test_a_tag_is_given_once(self, tag: str) -> None:
        codec = Codec()
        codec.register(samples.Plain, tag="mine", encode=vars, decode=lambda _: _plain())
        with pytest.raises(ValueError, match=tag):
            codec.register(samples.Pair, tag=tag, encode=list, decode=samples.Pair)

    @pytest.mark.parametrize("cls", [dict, str, ValueError])
    def test_some_forms_are_fixed(self, cls: type) -> None:
        with pytest.raises(ValueError, match="already"):
            Codec().register(cls, tag="mine", encode=repr, decode=repr)

    def test_errors_of_its_functions_are_ours_and_name_the_place(self) -> None:
        codec = Codec()
        codec.register(
            samples.Plain, tag="mine", encode=lambda _: 1 // 0, decode=lambda _: _plain()
        )
        with pytest.raises(EncodeError, match="ZeroDivisionError") as refused:
            codec.encode({"a": [samples.Plain()]})
        assert refused.value.path == "$.a[0]"
        reader = Codec()
        reader.register(
            samples.Plain, tag="mine", encode=repr, decode=lambda _: _plain(size=1 // 0)
        )
        with pytest.raises(DecodeError, match="ZeroDivisionError") as unreadable:
            reader.decode(b'{"a":[{"$type":"mine","value":1}]}')
        assert unreadable.value.path == "$.a[0]"


def _plain(**attributes: object) -> samples.Plain:
    value = samples.Plain()
    vars(value).update(attributes)
    return value
