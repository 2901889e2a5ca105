"""What a form asks for, made from a JSON Schema: a closed union of kinds of fields."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec

from outlast._webhooks.schemas import (
    Schema,
    as_object,
    is_exact_number,
    list_of,
    number_of,
    settled,
    text_of,
)
from outlast._webhooks.wording import choice_words, label_of

MAX_DEPTH: Final = 3
"""How deep groups of fields go into one another; what is below is asked for as JSON."""
SUBJECT: Final = "payload"
"""The name of the form's root; the fields of an object are `payload/street`."""

Input: TypeAlias = Literal["text", "email", "url", "date", "time", "datetime-local"]
_INPUTS: Final[Mapping[str, Input]] = {
    "email": "email",
    "uri": "url",
    "date": "date",
    "time": "time",
    "date-time": "datetime-local",
}
_LONG: Final = re.compile(
    "comments?|description|details|explanation|feedback|instructions|message|notes?|reasons?|remarks|summary|text"
)
"""Names of what people write more than a line about."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """The place of a field in the form and in the payload."""

    id: str
    """In the page."""
    name: str
    """In the form."""
    path: tuple[str, ...]
    """In the payload."""
    label: str
    help: str = ""
    is_required: bool = True
    """Whether the object that it belongs to must have it."""
    is_nullable: bool = False
    is_within_optional: bool = False
    """Whether it belongs to an object that may be left out as a whole."""
    default: Any = msgspec.UNSET

    @property
    def is_needed(self) -> bool:
        """Whether it cannot be left empty: a payload without it would not fit."""
        return self.is_required and not self.is_nullable


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text, or what is written as one."""

    slot: Slot
    input: Input = "text"
    is_long: bool = False
    """Whether it may have several lines."""
    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number. An exact one is a decimal, which is a text in the payload."""

    slot: Slot
    is_whole: bool = False
    is_exact: bool = False
    least: float | None = None
    most: float | None = None
    step: float | None = None


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """Yes or no."""

    slot: Slot


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Yes or no, given by the button that sends the form."""

    slot: Slot
    yes: str
    no: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of some values."""

    slot: Slot
    values: tuple[Any, ...]


class Picks(msgspec.Struct, frozen=True, kw_only=True):
    """Any of some values."""

    slot: Slot
    values: tuple[Any, ...]


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """A list of texts or numbers, one a line."""

    slot: Slot
    item: Literal["string", "integer", "number"]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """An object, with a field for each of its properties."""

    slot: Slot
    fields: tuple["Field", ...]


class Json(msgspec.Struct, frozen=True, kw_only=True):
    """What has no form of its own, written as JSON."""

    slot: Slot


class Fixed(msgspec.Struct, frozen=True, kw_only=True):
    """What can be nothing else, so nobody is asked."""

    slot: Slot
    value: Any


Field: TypeAlias = Text | Number | Switch | Decision | Choice | Picks | Lines | Group | Json | Fixed


def form_field(schema: Mapping[str, Any]) -> Field:
    """The field of the whole payload. Never fails: what is not understood is asked for as JSON."""
    found = _Maker(schema).root_field()
    match found:
        case Switch(slot=slot):
            return Decision(slot=slot, yes="Approve", no="Decline")
        case Group(fields=fields):
            return msgspec.structs.replace(found, fields=_with_decision(fields))
        case _:
            return found


def leaves(field: Field) -> tuple[Field, ...]:
    """All fields but groups, in order."""
    if isinstance(field, Group):
        return tuple(leaf for one in field.fields for leaf in leaves(one))
    return (field,)


def decision_in(field: Field) -> Decision | None:
    """The decision that the buttons of the form stand for."""
    return next((leaf for leaf in leaves(field) if isinstance(leaf, Decision)), None)


def _with_decision(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Whether something is approved is told by the button that is pressed, if nothing is assumed."""
    for place, field in enumerate(fields):
        if isinstance(field, Switch) and field.slot.is_needed:
            words = choice_words(field.slot.path[-1])
            if words and field.slot.default is msgspec.UNSET:
                decision = Decision(slot=field.slot, yes=words[0], no=words[1])
                return (*fields[:place], *fields[place + 1 :], decision)
    return fields


class _Maker:
    """Makes the fields of one schema."""

    def __init__(self, root: Schema) -> None:
        self._root = root

    def root_field(self) -> Field:
        found, is_nullable = settled(self._root, self._root)
        return self._kind(
            found, _slot(found, "", id="f", name=SUBJECT, path=(), is_nullable=is_nullable)
        )

    def _inner_field(
        self, outer: Slot, number: int, key: str, schema: object, *, is_required: bool
    ) -> Field:
        found, is_nullable = settled(schema, self._root)
        given = as_object(outer.default)
        if key in given:
            found = {**found, "default": given[key]}
        slot = _slot(
            # The title of a type is not that of a property which has the type.
            {**found, "title": text_of(as_object(schema), "title")},
            key,
            id=f"{outer.id}-{number}",
            name=f"{outer.name}/{_escaped(key)}",
            path=(*outer.path, key),
            is_required=is_required,
            is_nullable=is_nullable,
            is_within_optional=outer.is_within_optional or not outer.is_needed,
        )
        return self._kind(found, slot)

    def _kind(self, schema: Schema, slot: Slot) -> Field:  # noqa: PLR0911 - one for each kind
        match schema:
            case {"const": value}:
                return Fixed(slot=slot, value=value)
            case {"enum": [*values]} if values:
                return _choice(slot, values)
            case {"type": "null"}:
                return Fixed(slot=slot, value=None)
            case {"type": "boolean"}:
                return Switch(slot=slot)
            case {"type": "integer" | "number"}:
                return _number(slot, schema)
            case {"type": "string"}:
                return _text(slot, schema)
            case {"type": "array"}:
                return self._list(slot, schema)
            case {"type": "object", "properties": {**properties}} if properties:
                return self._group(slot, schema, properties)
            case _ if is_exact_number(schema):
                return Number(slot=slot, is_exact=True)
            case _:
                return Json(slot=slot)

    def _group(self, slot: Slot, schema: Schema, properties: Mapping[Any, Any]) -> Field:
        if len(slot.path) >= MAX_DEPTH:
            return Json(slot=slot)
        required = list_of(schema, "required")
        fields = tuple(
            self._inner_field(slot, number, str(key), inner, is_required=key in required)
            for number, (key, inner) in enumerate(properties.items())
        )
        return Group(slot=slot, fields=fields)

    def _list(self, slot: Slot, schema: Schema) -> Field:
        items, is_nullable = settled(schema.get("items"), self._root)
        match items:
            case {"enum": [*values]} if values:
                return Picks(slot=slot, values=tuple(values))
            case {"type": "string" | "integer" | "number" as item} if not is_nullable:
                return Lines(slot=slot, item=item)
            case _:
                return Json(slot=slot)


def _slot(schema: Schema, key: str, **known: Any) -> Slot:
    return Slot(
        label=label_of(text_of(schema, "title"), key),
        help=text_of(schema, "description"),
        default=schema.get("default", msgspec.UNSET),
        **known,
    )


def _choice(slot: Slot, values: list[Any]) -> Field:
    given = tuple(value for value in values if value is not None)
    if len(given) < len(values):
        slot = msgspec.structs.replace(slot, is_nullable=True)
    return Choice(slot=slot, values=given) if given else Fixed(slot=slot, value=None)


def _number(slot: Slot, schema: Schema) -> Number:
    is_whole = schema["type"] == "integer"
    least, most = number_of(schema, "minimum"), number_of(schema, "maximum")
    above, below = number_of(schema, "exclusiveMinimum"), number_of(schema, "exclusiveMaximum")
    if is_whole:  # HTML knows inclusive bounds only; of fractions the check of the payload tells
        least = above + 1 if least is None and above is not None else least
        most = below - 1 if most is None and below is not None else most
    return Number(
        slot=slot, is_whole=is_whole, least=least, most=most, step=number_of(schema, "multipleOf")
    )


def _text(slot: Slot, schema: Schema) -> Text:
    shortest, longest = number_of(schema, "minLength"), number_of(schema, "maxLength")
    input_: Input = _INPUTS.get(text_of(schema, "format"), "text")
    pattern = text_of(schema, "pattern") or None
    is_open = input_ == "text" and pattern is None and "format" not in schema
    has_lines = isinstance(slot.default, str) and "\n" in slot.default
    last_word = slot.path[-1].lower().rpartition("_")[2] if slot.path else ""
    return Text(
        slot=slot,
        input=input_,
        is_long=is_open
        and (has_lines or (longest > 200 if longest else bool(_LONG.fullmatch(last_word)))),
        shortest=None if shortest is None else int(shortest),
        longest=None if longest is None else int(longest),
        pattern=pattern,
    )


def _escaped(part: str) -> str:
    """As in JSON Pointer."""
    return part.replace("~", "~0").replace("/", "~1")
