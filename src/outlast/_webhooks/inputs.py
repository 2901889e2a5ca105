"""The fields of a form as HTML. Whatever is wrong stands at its field, and what was written stays."""

from collections.abc import Sequence
from typing import Any, Final, assert_never

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
    Slot,
    Switch,
    Text,
)
from outlast._webhooks.markup import Html, joined, tag
from outlast._webhooks.submitting import NO, YES, Form, Problems, initial, is_checkbox, token
from outlast._webhooks.wording import value_text

MOST_RADIOS: Final = 6
"""Of more values one is chosen from a list."""

OTHERWISE: Final = "Your answer"
"""The label of what has no name."""


class State(msgspec.Struct, frozen=True):
    """What a form is shown with."""

    form: Form | None
    """What was sent before; `None` if nothing was."""
    problems: Problems

    def written(self, field: Field) -> tuple[str, ...]:
        """What stands in a field."""
        return initial(field) if self.form is None else tuple(self.form.get(field.slot.name, ()))


def field_html(field: Field, state: State) -> Html | None:  # noqa: PLR0911 - one for each kind
    """A field with its label, its help and its problem; nothing for what is not asked."""
    match field:
        case Group():
            return _group(field, state)
        case Text() | Number() | Lines() | Json():
            return _labelled(field, state, _control(field, state))
        case Switch() if is_checkbox(field):
            return _checkbox(field, state)
        case Switch():
            options = [("Yes", YES), ("No", NO)]
            return _options(field, state, "radio", _with_none(field.slot, options))
        case Picks(values=values):
            return _options(field, state, "checkbox", [(value_text(v), token(v)) for v in values])
        case Choice():
            return _choice(field, state)
        case Decision() | Fixed():
            return None
        case unknown:
            assert_never(unknown)


def label_text(slot: Slot) -> str:
    """How a field is called in the page."""
    return slot.label if slot.path and slot.label else OTHERWISE


def _group(group: Group, state: State) -> Html:
    inner = [field_html(field, state) for field in group.fields]
    if not group.slot.path:
        return joined(inner)
    return tag("fieldset", _title("legend", group.slot), _help(group), *inner, class_="group")


def _control(field: Text | Number | Lines | Json, state: State) -> Html:
    match field:
        case Text():
            return _text(field, state)
        case Number():
            return _number(field, state)
        case Lines():
            return _area(field, state, 4)
        case Json():
            return _area(field, state, 6)


def _text(field: Text, state: State) -> Html:
    if field.is_long:
        return _area(field, state, 3, minlength=field.shortest, maxlength=field.longest)
    return tag(
        "input",
        type=field.input,
        value="".join(state.written(field)[:1]),
        minlength=field.shortest,
        maxlength=field.longest,
        pattern=_pattern(field.pattern),
        **_common(field, state),
    )


def _number(field: Number, state: State) -> Html:
    return tag(
        "input",
        type="number",
        inputmode="numeric" if field.is_whole else "decimal",
        value="".join(state.written(field)[:1]),
        min=_plain(field.least),
        max=_plain(field.most),
        step=_plain(field.step) or (None if field.is_whole else "any"),
        **_common(field, state),
    )


def _area(field: Text | Lines | Json, state: State, rows: int, **attributes: Any) -> Html:
    # A browser drops the first line of a textarea's content if it is empty, so one is put before it.
    written = "\n" + "".join(state.written(field)[:1])
    spell = None if isinstance(field, Text) else "false"
    return tag(
        "textarea",
        written,
        rows=rows,
        spellcheck=spell,
        **attributes,
        **_common(field, state),
    )


def _checkbox(field: Switch, state: State) -> Html:
    box = tag(
        "input",
        type="checkbox",
        value=YES,
        checked=bool(state.written(field)),
        **_common(field, state),
    )
    label = tag("label", box, tag("span", label_text(field.slot)), class_="option")
    return tag("div", label, _help(field), _problem(field.slot, state), class_=_class(field, state))


def _choice(field: Choice, state: State) -> Html:
    options = [(value_text(value), token(value)) for value in field.values]
    if len(options) <= MOST_RADIOS:
        has_default = bool(initial(field)) and not field.slot.is_nullable
        shown = options if has_default else _with_none(field.slot, options)
        return _options(field, state, "radio", shown)
    written = state.written(field)
    items = [
        tag("option", text, value=value, selected=value in written)
        for text, value in [("Choose …", ""), *options]
    ]
    return _labelled(field, state, tag("select", *items, **_common(field, state)))


def _options(
    field: Switch | Picks | Choice, state: State, kind: str, options: Sequence[tuple[str, str]]
) -> Html:
    slot, written = field.slot, state.written(field) or ("",)
    boxes = [
        tag(
            "label",
            tag(
                "input",
                type=kind,
                name=slot.name,
                value=value,
                id=slot.id if number == 0 else None,
                checked=value in written,
                required=kind == "radio" and _is_demanded(slot),
            ),
            tag("span", text),
            class_="option",
        )
        for number, (text, value) in enumerate(options)
    ]
    return tag(
        "fieldset",
        _title("legend", slot),
        _help(field),
        _problem(slot, state),
        tag("div", *boxes, class_="options"),
        class_=_class(field, state),
        aria_describedby=_described_by(field, state),
    )


def _with_none(slot: Slot, options: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return options if slot.is_needed else [*options, ("No answer", "")]


def _labelled(field: Field, state: State, control: Html) -> Html:
    slot = field.slot
    return tag(
        "div",
        _title("label", slot, for_=slot.id),
        _help(field),
        _problem(slot, state),
        control,
        class_=_class(field, state),
    )


def _title(name: str, slot: Slot, **attributes: Any) -> Html:
    optional = None if slot.is_needed or slot.is_within_optional else tag("i", " (optional)")
    return tag(name, label_text(slot), None if slot.default else optional, **attributes)


def _help(field: Field) -> Html | None:
    text = _help_text(field)
    return tag("p", text, class_="help", id=f"{field.slot.id}-help") if text else None


def _help_text(field: Field) -> str:
    about = field.slot.help if field.slot.path else ""
    match field:
        case Lines():
            note = "One a line."
        case Json():
            note = "Written as JSON."
        case Text(input="datetime-local"):
            note = "In Coordinated Universal Time (UTC)."
        case _:
            note = ""
    return " ".join(part for part in (about, note) if part)


def _problem(slot: Slot, state: State) -> Html | None:
    found = state.problems.get(slot.name)
    return tag("p", found, class_="problem", id=f"{slot.id}-problem") if found else None


def _common(field: Field, state: State) -> dict[str, Any]:
    slot = field.slot
    return {
        "name": slot.name,
        "id": slot.id,
        "required": _is_demanded(slot),
        "autocomplete": "off",
        "aria_describedby": _described_by(field, state),
        "aria_invalid": "true" if slot.name in state.problems else None,
    }


def _described_by(field: Field, state: State) -> str | None:
    wrong = f"{field.slot.id}-problem" if field.slot.name in state.problems else ""
    helped = f"{field.slot.id}-help" if _help_text(field) else ""
    return f"{wrong} {helped}".strip() or None


def _is_demanded(slot: Slot) -> bool:
    """By the browser; in what may be left out as a whole it cannot know."""
    return slot.is_needed and not slot.is_within_optional


def _class(field: Field, state: State) -> str:
    return "field wrong" if field.slot.name in state.problems else "field"


def _pattern(pattern: str | None) -> str | None:
    """HTML means the whole value; a schema means any part of it."""
    if pattern is None or (pattern[:1] == "^" and pattern[-1:] == "$" and "|" not in pattern):
        return pattern
    return f".*(?:{pattern}).*"


def _plain(number: float | None) -> str | None:
    """Without a fraction where there is none."""
    return None if number is None else f"{number:.15g}"
