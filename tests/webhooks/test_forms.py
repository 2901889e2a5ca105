"""Forms made of schemas, and what they stand for when they are sent."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, TypeAdapter

from outlast._webhooks.fields import Decision, Fixed, Switch, form_field, leaves
from outlast._webhooks.page import About, confirmation, recorded
from outlast._webhooks.submitting import initial, is_checkbox, payload_of, problems_by_field
from tests.webhooks.schemas import SCHEMAS, TEXT, VALUES

ABOUT = About(run_id="r1", workflow="ask")


def schema_of(kind: Any) -> dict[str, Any]:
    return TypeAdapter(kind).json_schema()


def sent(kind: Any, **fields: str) -> tuple[Any, dict[str, str]]:
    """The payload and the problems of a form in which these fields are filled in: `a__b` is `payload/a/b`."""
    form = {"/".join(["payload", *name.split("__")]): [text] for name, text in fields.items()}
    submitted = payload_of(form, schema_of(kind))
    return submitted.payload, submitted.problems


class Color(Enum):
    RED = "red"
    ONE = 1


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        (bool, "true", True),
        (bool, "false", False),
        (str, " as it is \r\n", " as it is \n"),
        (int, " -7 ", -7),
        (int, "9" * 30, int("9" * 30)),
        (float, "2.5e3", 2500.0),
        (float, "3", 3),
        (Decimal, "0.10", "0.10"),
        (Color, '"red"', "red"),
        (Color, "1", 1),
        (Literal["a", 1, None], "1", 1),
        (Literal["a", 1, None], "", None),
        (Literal["only"], "whatever", "only"),
        (date, "2026-11-23", "2026-11-23"),
        (datetime, "2026-11-23T10:30", "2026-11-23T10:30:00Z"),
        (datetime, "2026-11-23T10:30:05", "2026-11-23T10:30:05Z"),
        (datetime, "2026-11-23T10:30:00+02:00", "2026-11-23T10:30:00+02:00"),
        (int | None, "", None),
        (list[str], "a\r\n\r\n b ", ["a", "b"]),
        (list[str], "", []),
        (list[int], "1\n2", [1, 2]),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (Any, "[null]", [None]),
        (int | str, '"word"', "word"),
        (int | str, "5", 5),
    ],
)
def test_a_bare_type_is_one_field(kind: Any, written: str, expected: Any) -> None:
    submitted = payload_of({"payload": [written]}, schema_of(kind))
    assert (submitted.payload, submitted.problems) == (expected, {})
    assert type(submitted.payload) is type(expected)


@pytest.mark.parametrize(
    ("kind", "written", "problem"),
    [
        (bool, "", "An answer is needed."),
        (bool, "yes", "Choose one of these."),
        (str, " ", "An answer is needed."),
        (int, "1.5", "This must be a whole number."),
        (int, "٣", "This must be a whole number."),
        (int, "9" * 5_000, "This must be a whole number."),
        (float, "nan", "This must be a number."),
        (float, "1e999", "This number is too large."),
        (Decimal, "Infinity", "This must be a number."),
        (Color, "red", "Choose one of these."),
        (list[int], "1\ntwo", "This must be a whole number."),
        (list[Color], "blue", "'blue' is none of these."),
        (dict[str, int], "{", "This must be JSON: "),
        (dict[str, int], "[" * 100_000, "This must be JSON: "),
    ],
)
def test_what_cannot_be_read_is_said(kind: Any, written: str, problem: str) -> None:
    submitted = payload_of({"payload": [written]}, schema_of(kind))
    assert submitted.problems["payload"].startswith(problem)


class Place(BaseModel):
    street: str
    city: str = "London"


class Order(BaseModel):
    name: str
    note: str = ""
    greeting: str = "Hello"
    nickname: str | None = None
    code: str | None = "X"
    pieces: int = 3
    price: float | None
    parcel: Place
    billing: Place | None = None
    pickup: Place | None
    gift: bool = False
    express: bool
    sign: bool | None = None
    tags: list[str] = ["new"]


NEEDED = {"name": "Ada", "parcel__street": "Hill", "express": "true", "parcel__city": "London"}
SENT_AS_IT_WAS = {
    **NEEDED,
    "greeting": "Hello",
    "code": "X",
    "pieces": "3",
    "tags": "new",
    "billing__street": "",
    "billing__city": "London",
    "pickup__street": "",
    "pickup__city": "London",
    "sign": "",
    "note": "",
    "nickname": "",
    "price": "",
}


def test_what_is_left_as_it_was_is_the_default() -> None:
    payload, problems = sent(Order, **SENT_AS_IT_WAS)
    assert problems == {}
    assert payload == {
        "name": "Ada",
        "greeting": "Hello",
        "code": "X",
        "pieces": 3,
        "price": None,
        "parcel": {"street": "Hill", "city": "London"},
        "pickup": None,
        "gift": False,
        "express": True,
        "tags": ["new"],
    }
    assert Order.model_validate(payload) == Order.model_validate(
        {
            "name": "Ada",
            "price": None,
            "parcel": {"street": "Hill"},
            "pickup": None,
            "express": True,
        }
    )


class Letter(BaseModel):
    greeting: str = "Dear Ada,\nthank you."


def test_a_default_of_several_lines_has_room_for_them() -> None:
    page = confirmation(schema_of(Letter), ABOUT, "proof")
    assert "<textarea" in page
    assert "Dear Ada,\nthank you.</textarea>" in page


def test_what_was_cleared_is_empty_and_not_the_default() -> None:
    payload, problems = sent(Order, **{**SENT_AS_IT_WAS, "greeting": "", "code": "", "tags": ""})
    assert problems == {}
    assert (payload["greeting"], payload["code"], payload["tags"]) == ("", None, [])


def test_what_is_begun_must_be_finished() -> None:
    _, problems = sent(Order, **{**SENT_AS_IT_WAS, "billing__city": "Rome"})
    assert problems == {"payload/billing/street": "An answer is needed."}


def test_an_empty_form_says_all_that_is_needed() -> None:
    _, problems = sent(Order)
    assert set(problems) == {f"payload/{name}" for name in ("name", "parcel/street", "express")}


def test_a_decision_is_what_nothing_was_assumed_for() -> None:
    class Refund(BaseModel):
        amount: int
        is_approved: bool
        accepted: bool = True

    fields = leaves(form_field(schema_of(Refund)))
    assert [type(one) for one in fields[1:]] == [Switch, Decision]
    decision = fields[2]
    assert isinstance(decision, Decision)
    assert (decision.yes, decision.no, decision.slot.path) == (
        "Approve",
        "Decline",
        ("is_approved",),
    )


def test_a_type_that_has_itself_comes_to_an_end() -> None:
    class Tree(BaseModel):
        name: str
        left: "Tree | None" = None
        right: "Tree | None" = None

    fields = leaves(form_field(schema_of(Tree)))
    assert len(fields) < 40
    payload, problems = sent(Tree, name="root", left__name="leaf")
    assert (payload, problems) == ({"name": "root", "left": {"name": "leaf"}}, {})


# Labels


def test_labels_are_words() -> None:
    class Named(BaseModel):
        ship_to: Place
        invoiceAddress: str  # noqa: N815 - names come from elsewhere
        vat: Annotated[str, Field(title="VAT number")]

    slots = [one.slot.label for one in form_field(schema_of(Named)).fields]  # type: ignore[union-attr]
    assert slots == ["Ship to", "Invoice address", "VAT number"]


# Problems that come from the check of the payload


@pytest.mark.parametrize(
    ("problem", "name", "message"),
    [
        ("parcel.street: Field required", "payload/parcel/street", "Field required"),
        ("$.parcel.street: 'x' is too short", "payload/parcel/street", "'x' is too short"),
        ("tags.0: Input should be text", "payload/tags", "Input should be text"),
        ("$.tags[0]: 1 is not text", "payload/tags", "1 is not text"),
        ("price.float: too much", "payload/price", "Too much"),
        ("name: Value error, say more", "payload/name", "Say more"),
        ("$: 'name' is a required property", "", "$: 'name' is a required property"),
        ("names: odd", "", "names: odd"),
        ("nonsense", "", "nonsense"),
    ],
)
def test_problems_stand_at_their_fields(problem: str, name: str, message: str) -> None:
    assert problems_by_field([problem], schema_of(Order)) == {name: message}


def test_problems_of_a_bare_type_stand_at_its_field() -> None:
    found = problems_by_field(["$: 3 is less than 5", "$: 3 is odd"], schema_of(int))
    assert found == {"payload": "3 is less than 5; 3 is odd"}


# Whatever the schema is


class _Page(HTMLParser):
    """What a page refers to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.referred: set[str] = set()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") or name == "style" for name in given)
        assert tag not in ("script", "img", "b ")
        self.ids += [given["id"]] if "id" in given else []
        self.names |= {given["name"]} if tag in ("input", "textarea", "select") else set()
        self.referred |= {given["for"]} if "for" in given else set()
        self.referred |= set(given.get("aria-describedby", "").split())
        self.referred |= {given["href"][1:]} if given.get("href", "").startswith("#") else set()


@given(SCHEMAS, st.dictionaries(st.text(max_size=3), TEXT, max_size=2), st.data())
def test_a_page_is_whole_whatever_the_schema(
    schema: dict[str, Any], metadata: dict[str, str], data: st.DataObject
) -> None:
    """No schema breaks it; ids are unique, and all that is referred to is there."""
    fields = leaves(form_field(schema))
    names = st.sampled_from([one.slot.name for one in fields])
    form = data.draw(st.dictionaries(names, st.lists(TEXT | VALUES.map(str), max_size=2)))
    submitted = payload_of(form, schema)
    about = About(run_id="r1", workflow="ask", metadata=metadata)
    for values, problems in ((None, None), (form, submitted.problems | {"": "odd"})):
        page = _Page(confirmation(schema, about, "proof", values, problems))
        assert len(page.ids) == len(set(page.ids))
        assert page.referred <= set(page.ids)
    recorded(about, submitted.payload, schema)
    recorded(about, data.draw(VALUES), schema)
    problems_by_field(data.draw(st.lists(TEXT)), schema)


@given(st.sampled_from([Order, Place, Color, bool | None, list[Color], Decimal | None]), st.data())
def test_what_was_read_fits(kind: Any, data: st.DataObject) -> None:
    """What a person fills in without a problem is a payload of the schema, whatever is left out."""
    schema = schema_of(kind)
    form: dict[str, list[str]] = {}
    for field in leaves(form_field(schema)):
        assumed = list(initial(field))
        given = ["true", "7", "red", '"red"', "1", ""]
        chosen = [data.draw(st.sampled_from(given))] if data.draw(st.booleans()) else assumed
        if isinstance(field, Switch) and is_checkbox(field):
            chosen = ["true"] if data.draw(st.booleans()) else []
        if chosen and not isinstance(field, Fixed):
            form[field.slot.name] = chosen
    submitted = payload_of(form, schema)
    if not submitted.problems:
        assert list(Draft202012Validator(schema).iter_errors(submitted.payload)) == []
        TypeAdapter(kind).validate_python(submitted.payload)


class _Asked(BaseModel):
    why: str = ""
    approved: bool = Field(title="Do you <approve>?", description="It cannot be undone.")


class _Unnamed(BaseModel):
    approved: bool


def test_a_decision_with_a_title_of_its_own_shows_it() -> None:
    about = About(run_id="run_1", workflow="shop.flows.refund")
    html = confirmation(_Asked.model_json_schema(), about, "proof")
    label, help_text = html.index("Do you &lt;approve&gt;?"), html.index("It cannot be undone.")
    assert label < help_text < html.index(">Approve<")
    assert 'aria-label="Your decision"' not in html, "the title is the name of the buttons"
    unnamed = confirmation(_Unnamed.model_json_schema(), about, "proof")
    assert 'aria-label="Your decision"' in unnamed
    assert "Approved" not in unnamed, "the name of a field asks nothing"


def test_the_foot_names_the_workflow_and_the_run() -> None:
    about = About(run_id="run_1", workflow="shop.flows.refund")
    foot = confirmation(None, about, "proof").partition("<footer>")[2]
    for name in ("run_1", "shop.flows.refund"):
        assert foot.count(name) == 1
    assert "Asked by" not in foot
