"""The pages that a person sees who follows the URL of a webhook: what is asked, and what became of the answer.

They are whole without JavaScript and fetch nothing. `HEADERS` go with each of them.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from outlast._webhooks.fields import Decision, Field, Group, decision_in, form_field
from outlast._webhooks.inputs import State, field_html, label_text
from outlast._webhooks.markup import Child, Html, joined, tag
from outlast._webhooks.schemas import as_object, settled, text_of
from outlast._webhooks.submitting import NO, YES, Form, Problems
from outlast._webhooks.wording import in_words, shortened, value_text

CSRF: Final = "csrf"
"""The name of the field that proves that a form was filled in here."""
MOST_FACTS: Final = 20
MOST_TEXT: Final = 600
"""Characters of one value of the metadata."""

_STYLE: Final = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    # The address is a secret. Not "no-referrer": with that, browsers do not tell where a form was sent from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What asks."""

    run_id: str
    workflow: str
    title: str = ""
    """What the page is called; that of the schema by default."""
    metadata: Mapping[str, Any] = {}


def confirmation(
    schema: Mapping[str, Any] | None,
    about: About,
    csrf: str,
    values: Form | None = None,
    problems: Problems | None = None,
) -> str:
    """The page that asks. `values` are those of a form that was sent and has problems, which are told at each field.

    Without a schema there is one button, to confirm.
    """
    field = None if schema is None else form_field(schema)
    found = problems or {}
    heading = about.title or _heading(schema, field)
    body = (
        _summary(field, found),
        tag("h1", heading),
        _lead(schema),
        _facts(about.metadata),
        _form(field, State(values, found), csrf),
    )
    return _document(f"Problem: {heading}" if found else heading, *body, _asker(about))


def recorded(about: About, payload: Any, schema: Mapping[str, Any] | None = None) -> str:
    """The page after an answer that was recorded, with that answer."""
    field = None if schema is None else form_field(schema)
    heading = "Your answer is recorded"
    body = (
        _mark("M5 12.5l4.5 4.5L19 7.5", "good"),
        tag("h1", heading, tabindex=-1, autofocus=True),
        tag("p", about.title or _heading(schema, field), class_="lead") if field else None,
        tag("dl", *_answers(field, payload), class_="facts") if field else None,
        tag("p", "You can close this page.", class_="closing"),
    )
    return _document(heading, *body, _asker(about))


def gone() -> str:
    """The page of a webhook that takes nothing any more, 410."""
    return notice(
        "This request is closed",
        "It has been answered, or nobody waits for an answer any more. Nothing was recorded now.",
    )


def not_found() -> str:
    """The page of what is no webhook, 404. It tells nothing of what there is."""
    return notice("There is nothing here", "Check the link: it must be whole, to the last letter.")


def notice(heading: str, text: str) -> str:
    """A page that says something in two sentences."""
    body = tag("h1", heading), tag("p", text, class_="lead")
    return _document(heading, _mark("M12 7v6m0 4v.01", "plain"), *body)


def _document(title: str, *body: Child) -> str:
    head = (
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex, nofollow"),
        tag("title", shortened(title, 120)),
        tag("link", rel="icon", href="data:,"),
        tag("style", Html(_STYLE)),
    )
    page = tag("html", tag("head", *head), tag("body", tag("main", *body)), lang="en")
    return f"<!doctype html>\n{page}\n"


def _heading(schema: Mapping[str, Any] | None, field: Field | None) -> str:
    if schema is None or field is None:
        return "Please confirm"
    title = text_of(settled(schema, schema)[0], "title")
    if title:
        return in_words(title) if title.isidentifier() else title
    is_decision = isinstance(field, Decision)
    return "Your approval is needed" if is_decision else "Your answer is needed"


def _lead(schema: Mapping[str, Any] | None) -> Html | None:
    text = "" if schema is None else text_of(settled(schema, schema)[0], "description")
    return tag("p", text, class_="lead") if text else None


def _summary(field: Field | None, problems: Problems) -> Html | None:
    """Where a reader begins when something is wrong: each problem leads to its field."""
    if not problems:
        return None
    links = {} if field is None else dict(_links(field))
    items = [
        tag("li", tag("a", f"{links[name][0]}: {text}", href=f"#{links[name][1]}"))
        if name in links
        else tag("li", text)
        for name, text in problems.items()
    ]
    return tag(
        "section",
        tag("h2", "Nothing was recorded yet: please look at this again", id="summary-title"),
        tag("ul", *items),
        class_="summary",
        role="alert",
        aria_labelledby="summary-title",
        tabindex=-1,
        autofocus=True,
    )


def _links(field: Field, within: str = "") -> Iterator[tuple[str, tuple[str, str]]]:
    """The name of each field, with what it is called and where it is in the page."""
    called = within + label_text(field.slot)
    if isinstance(field, Group):
        for inner in field.fields:
            yield from _links(inner, f"{called}, " if field.slot.path else "")
    else:
        yield field.slot.name, (called, field.slot.id)


def _form(field: Field | None, state: State, csrf: str) -> Html:
    decision = None if field is None else decision_in(field)
    return tag(
        "form",
        tag("input", type="hidden", name=CSRF, value=csrf),
        # The Enter key presses the first button of a form. This one does nothing, so that nobody approves by
        # the end of a line.
        tag("button", type="submit", disabled=True, hidden=True) if decision else None,
        None if field is None else field_html(field, state),
        _decision(decision, state) if decision else _send("Confirm" if field is None else "Send"),
        method="post",
        autocomplete="off",
    )


def _send(text: str) -> Html:
    return tag("div", tag("button", text, type="submit", class_="main"), class_="buttons")


def _decision(decision: Decision, state: State) -> Html:
    slot = decision.slot
    problem = state.problems.get(slot.name)
    helped = slot.help if slot.path else ""
    asked = slot.label if slot.path and slot.label != in_words(slot.path[-1]) else ""
    named = {"aria_labelledby": f"{slot.id}-label"} if asked else {"aria_label": "Your decision"}
    return joined(
        [
            tag("p", asked, class_="label", id=f"{slot.id}-label") if asked else None,
            tag("p", problem, class_="problem", id=f"{slot.id}-problem") if problem else None,
            tag("p", helped, class_="help") if helped else None,
            tag(
                "div",
                _button(decision.yes, slot.name, YES, class_="main", id=slot.id),
                _button(decision.no, slot.name, NO),
                class_="buttons",
                role="group",
                **named,
            ),
        ]
    )


def _button(text: str, name: str, value: str, **attributes: Any) -> Html:
    return tag("button", text, type="submit", name=name, value=value, **attributes)


def _facts(metadata: Mapping[str, Any]) -> Html | None:
    if not metadata:
        return None
    shown = list(metadata.items())[:MOST_FACTS]
    rows = [_fact(_key(key), value) for key, value in shown]
    if further := len(metadata) - len(shown):
        rows.append(_fact("Also", f"{further} more"))
    return tag("dl", *rows, class_="facts")


def _key(key: str) -> str:
    return shortened(in_words(key) if key.isidentifier() else key, 80)


def _fact(label: str, value: Any) -> Html:
    return tag("div", tag("dt", label), tag("dd", _value(value)))


def _value(value: Any) -> Html | str:
    text = shortened(value_text(value), MOST_TEXT)
    if isinstance(value, str):
        is_address = text.startswith(("https://", "http://")) and not text.endswith("…")
        is_link = is_address and len(text.split()) == 1 and text.isprintable()
        return tag("a", text, href=text, rel="noopener noreferrer nofollow") if is_link else text
    is_nested = isinstance(value, Mapping) or text.startswith(("[", "{"))
    return tag("pre", text) if is_nested else text


def _answers(field: Field, payload: Any) -> list[Html]:
    match field:
        case Group(fields=fields) if payload is not None:
            values = as_object(payload)
            given = [(one, values[key]) for one in fields if (key := one.slot.path[-1]) in values]
            given.sort(key=lambda pair: not isinstance(pair[0], Decision))
            return [row for one, value in given for row in _answers(one, value)]
        case Decision(yes=yes, no=no):
            return [_fact("Decision", yes if payload is True else no)]
        case _:
            return [_fact(label_text(field.slot), payload)]


def _mark(path: str, kind: str) -> Html:
    drawn = tag("path", d=path)
    circle = tag("svg", drawn, viewBox="0 0 24 24", width=24, height=24, aria_hidden="true")
    return tag("div", circle, class_=f"mark {kind}")


def _asker(about: About) -> Html:
    return tag(
        "footer",
        tag("p", "Workflow ", tag("code", about.workflow)),
        tag("p", "Run ", tag("code", about.run_id)),
    )
