"""HTML that is safe by the way it is made: text is escaped unless it was made here."""

from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias


class Html(str):
    """Markup, made by `tag` and `joined` alone. Any other text is text."""

    __slots__ = ()


Child: TypeAlias = str | None
Attribute: TypeAlias = str | float | bool | None

_EMPTY: Final = frozenset({"br", "input", "link", "meta", "path"})


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element. Attributes that are `None` or `False` are left out, and `True` has no value. `class_` is `class`,
    and `aria_label` is `aria-label`."""
    opened = Html(f"<{name}{''.join(map(_attribute, attributes.items()))}>")
    return opened if name in _EMPTY else Html(f"{opened}{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Html:
    """One after the other; `None` is nothing."""
    return Html("".join(map(_child, children)))


def _child(child: Child) -> str:
    if child is None or isinstance(child, Html):
        return child or ""
    return escape(child)


def _attribute(attribute: tuple[str, Attribute]) -> str:
    name, value = attribute[0].rstrip("_").replace("_", "-"), attribute[1]
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
