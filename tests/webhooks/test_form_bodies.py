"""Forms that programs send, read as the schema wants their fields."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from urllib.parse import parse_qs

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from outlast._webhooks.form_bodies import body_of


class Color(Enum):
    RED = "red"
    ONE = 1


class Inner(BaseModel):
    street: str


class Order(BaseModel):
    """Something of everything."""

    text: str = "nothing"
    note: str | None = "nothing"
    count: int = 7
    price: Decimal = Decimal(7)
    day: date | None = None
    urgent: bool = False
    gift: bool = True
    state: Literal["open", "closed", 1] = "open"
    color: Color = Color.RED
    tags: list[str] = []
    sizes: list[int] = []
    colors: list[Color] = []
    kind: Literal["order"] = "order"
    inner: Inner | None = None
    either: int | str = 0


def read(kind: Any, form: str) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    body = body_of(parse_qs(form, keep_blank_values=True), adapter.json_schema())
    return adapter.validate_python(body)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("", Order()),
        ("text=&note=", Order(text="", note=None)),
        ("text=+a+", Order(text=" a ")),
        ("count=+3&price=0.10", Order(count=3, price=Decimal("0.10"))),
        ("count=&day=&inner=", Order()),
        ("day=2026-11-23", Order(day=date(2026, 11, 23))),
        ("urgent=false&gift=on", Order()),
        ("urgent=true&gift=0", Order(urgent=True, gift=False)),
        ("state=closed&color=1", Order(state="closed", color=Color.ONE)),
        ('state="closed"&color="red"', Order(state="closed")),
        ("state=1", Order(state=1)),
        ("tags=a&tags=b%0Ac&sizes=1&sizes=2", Order(tags=["a", "b\nc"], sizes=[1, 2])),
        ("tags=&sizes=&colors=", Order()),
        ("colors=red&colors=1", Order(colors=[Color.RED, Color.ONE])),
        ("kind=order&unknown=1", Order()),
        ('inner={"street":"Elm"}', Order(inner=Inner(street="Elm"))),
        ("either=word", Order(either="word")),
    ],
)
def test_fields_are_read_as_their_types_want_them(form: str, expected: Order) -> None:
    assert read(Order, form) == expected


@pytest.mark.parametrize(
    "form",
    [
        "kind=refund",
        "state=gone",
        "urgent=perhaps",
        "count=1.5",
        "colors=red&colors=blue",
        "inner=Elm",
        "sizes=1&sizes=x",
    ],
)
def test_what_does_not_fit_is_left_for_the_check_of_the_payload(form: str) -> None:
    with pytest.raises(ValidationError):
        read(Order, form)


class Needed(BaseModel):
    tags: list[str]
    text: str


def test_a_list_without_items_has_no_field() -> None:
    assert read(Needed, "text=") == Needed(tags=[], text="")


def test_any_field_may_be_sent_where_the_schema_names_none() -> None:
    assert read(dict[str, Any], "a=1&b=2&b=3") == {"a": "1", "b": ["2", "3"]}
