"""Forms that programs send: their fields as the JSON that the schema wants, for others to check.

Not as the form of the confirmation page is read: there a field that is missing was left empty, a choice has the JSON of
its value, and what can be nothing else is not asked for. Here a field that is missing is not there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from outlast._webhooks.fields import (
    Choice,
    Decision,
    Field,
    Fixed,
    Group,
    Json,
    Lines,
    Number,
    Picks,
    Switch,
    Text,
    form_field,
)
from outlast._webhooks.submitting import Form, read_number, token

_WORDS: Final = {
    **dict.fromkeys(("true", "on", "1", "yes"), True),
    **dict.fromkeys(("false", "off", "0", "no"), False),
}


def body_of(form: Form, schema: Mapping[str, Any]) -> dict[str, Any]:
    """An object with the fields that were sent. What is not as the schema wants it stays a text, so the check of the
    payload tells of it."""
    root = form_field(schema)
    known = {one.slot.path[-1]: one for one in root.fields} if isinstance(root, Group) else {}
    body = {name: _value(known.get(name), values) for name, values in form.items()}
    for name, field in known.items():
        if isinstance(field, Lines | Picks) and field.slot.is_needed:
            body.setdefault(name, [])  # a list without items has no field
    return {name: value for name, value in body.items() if value is not msgspec.UNSET}


def _value(field: Field | None, values: Sequence[str]) -> Any:  # noqa: PLR0911 - one for each kind
    match field:
        case Lines(item="string"):
            return [text for text in values if text]
        case Lines():
            number = Number(slot=field.slot, is_whole=field.item == "integer")
            return [_number(number, text) for text in values if text]
        case Picks():
            return [_one_of(field.values, text) for text in values if text]
        case None:
            return values[0] if len(values) == 1 else list(values)
        case _ if values[0] or (isinstance(field, Text) and not field.slot.is_nullable):
            return _one(field, values[0])
        case _ if field.slot.is_nullable:
            return None
        case _:
            return msgspec.UNSET


def _one(field: Field, text: str) -> Any:
    match field:
        case Switch() | Decision():
            return _WORDS.get(text.lower(), text)
        case Choice(values=values):
            return _one_of(values, text)
        case Fixed(value=value):
            return _one_of((value,), text)
        case Number():
            return _number(field, text)
        case Group() | Json():
            return _json(text)
        case _:
            return text


def _one_of(values: Sequence[Any], text: str) -> Any:
    """The value that is written so: as it is, or as JSON."""
    by_text = {token(value): value for value in values}
    return next((value for value in values if value == text), by_text.get(text, text))


def _number(field: Number, text: str) -> int | float | str:
    try:
        return read_number(text.strip(), field)
    except ValueError:
        return text


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text
