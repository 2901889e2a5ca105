"""Write the generated pages of docs/: the reference, the list of errors, and the states of a run.

    python -m tools.reference           write them
    python -m tools.reference --check   say which are out of date, and fail if any is

The reference is read from the sources, nothing is imported, so a page depends on the text of the code alone.
"""

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

import griffe

from tools import state_machine

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

PUBLIC = (
    "outlast",
    "outlast.agents",
    "outlast.agents.ui",
    "outlast.blocking",
    "outlast.errors",
    "outlast.http",
    "outlast.instrument",
    "outlast.logs",
    "outlast.otel",
    "outlast.streams",
    "outlast.testing",
    "outlast.testing.models",
    "outlast.web",
    "outlast.webhooks",
    "outlast.world",
)
"""The modules that users may import, in the order of the contents."""

MARK = "<!-- Written by `make docs` from the docstrings; change those. -->\n"

Object: TypeAlias = griffe.Object | griffe.Alias


def pages() -> dict[Path, str]:
    """The text of every generated page, by its path."""
    package = load()
    public = {name: module_named(package, name) for name in PUBLIC}
    written = {DOCS / "reference" / f"{name}.md": page(module) for name, module in public.items()}
    written[DOCS / "reference" / "README.md"] = contents(public)
    written[DOCS / "errors" / "README.md"] = error_list(public["outlast.errors"])
    written[state_machine.PAGE] = state_machine.page()
    return written


@cache
def load() -> Object:
    """The package, read from its sources."""
    return griffe.load("outlast", search_paths=[ROOT / "src"], resolve_aliases=True)


def module_named(package: Object, name: str) -> Object:
    """One of the package's modules by its full name."""
    inner = name.removeprefix("outlast").removeprefix(".")
    module: Object = package[inner] if inner else package
    return module


def members(module: Object) -> list[Object]:
    """What a module offers: what its `__all__` names, or else the public names that it defines."""
    if module.exports is not None:
        return [_itself(module.members[str(name)]) for name in sorted(map(str, module.exports))]
    return [
        member
        for name, member in module.members.items()
        if not name.startswith("_") and not member.is_alias and not member.is_module
    ]


def parts(owner: Object) -> list[Object]:
    """The public members of a class that it defines itself."""
    return [
        member
        for name, member in owner.members.items()
        if not name.startswith("_") and not member.is_alias
    ]


def summary(member: Object) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(_text(member).partition("\n\n")[0].split())


def page(module: Object) -> str:
    """The page of a module."""
    blocks = [f"# `{module.path}`", MARK.strip(), _text(module)]
    for member in members(module):
        blocks += _entry(member, level=2)
    return "\n\n".join(block for block in blocks if block) + "\n"


def contents(public: dict[str, Object]) -> str:
    """The page that leads to all modules."""
    rows = [f"- [`{name}`]({name}.md): {summary(module)}" for name, module in public.items()]
    return "\n".join(["# Reference", "", MARK, *rows, ""])


def error_list(errors: Object) -> str:
    """The page that leads to all errors."""
    rows = [
        f"| [`{member.name}`]({slug}.md) | {summary(member)} |"
        for member in members(errors)
        if (slug := _slug(member))
    ]
    head = "Each error that Outlast raises has a `slug`, which names its page here."
    table = ["| error | what it says |", "|---|---|", *rows]
    return "\n".join(["# Errors", "", MARK, head, "", *table, ""])


def _itself(member: Object) -> griffe.Object:
    """What a name that was imported stands for."""
    return member.final_target if isinstance(member, griffe.Alias) else member


def _entry(member: Object, *, level: int) -> Iterator[str]:
    yield f"{'#' * level} `{member.name}`"
    yield f"```python\n{_declaration(member)}\n```"
    yield _text(member)
    if member.is_class:
        yield "\n".join(_attribute(part) for part in parts(member) if part.is_attribute)
        for part in parts(member):
            if (
                not part.is_attribute and part.docstring
            ):  # without one it overrides, and adds nothing
                yield from _entry(part, level=level + 1)


def _declaration(member: Object) -> str:
    match target := _itself(member):
        case griffe.Class():
            return _class(target)
        case griffe.Function():
            shown = target.overloads or [target]
            return "\n".join(_signature(one) for one in shown)
        case griffe.Attribute():
            annotation = f": {target.annotation}" if target.annotation else ""
            value = f" = {target.value}" if target.value is not None else ""
            return f"{target.name}{annotation}{value}"
        case _:
            return f"import {target.path}"


def _class(target: griffe.Class) -> str:
    """How it is declared, and how it is made where it says so itself."""
    bases = ", ".join(map(str, target.bases))
    head = f"class {target.name}({bases}):" if bases else f"class {target.name}:"
    init = target.members.get("__init__")
    made = f"\n    {_signature(init)}" if isinstance(init, griffe.Function) else " ..."
    return head + made


def _signature(function: griffe.Function) -> str:
    word = "async def" if "async" in function.labels else "def"
    return f"{word} {function.signature()}: ..."


def _attribute(part: Object) -> str:
    annotation = getattr(part, "annotation", None)
    typed = f": {annotation}" if annotation is not None else ""
    value = getattr(part, "value", None)
    is_made = isinstance(value, griffe.ExprCall) and bool(value.arguments)  # it says how, not what
    if "class-attribute" in part.labels and value is not None and not is_made:
        typed += f" = {value}"
    said = " ".join(_text(part).split())
    return f"- `{part.name}{typed}`" + (f" {said}" if said else "")


def _text(member: Object) -> str:
    """A docstring as Markdown: prose as it is, what it says of arguments and errors as lists."""
    if not member.docstring:
        return ""
    sections = member.docstring.parse("google", warnings=False)
    return "\n\n".join(text for section in sections if (text := _section(section)))


def _section(section: griffe.DocstringSection) -> str:
    match section:
        case griffe.DocstringSectionText():
            return section.value
        case griffe.DocstringSectionParameters():
            rows = [(item.name, item.description) for item in section.value]
        case griffe.DocstringSectionRaises():
            rows = [(str(item.annotation), item.description) for item in section.value]
        case griffe.DocstringSectionAdmonition():
            return _listed(f"{section.title}:", _rows(section.value.description))
        case _:
            msg = f"write in tools/reference.py how a section of {section.kind.value} is shown"
            raise NotImplementedError(msg)
    return _listed(_TITLES[section.kind], rows)


def _rows(text: str) -> list[tuple[str, str]]:
    """The rows of a section with a title of its own: `Name: text`, which goes on in lines that are indented."""
    parted = (row.partition(":") for row in re.split(r"\n(?! )", text))
    return [(name, said) for name, _, said in parted]


def _listed(title: str, rows: list[tuple[str, str]]) -> str:
    lines = "\n".join(f"- `{name}`: {' '.join(said.split())}" for name, said in rows)
    return f"{title}\n\n{lines}"


_TITLES = {
    griffe.DocstringSectionKind.parameters: "Arguments:",
    griffe.DocstringSectionKind.raises: "Raises:",
}


def _slug(member: Object) -> str | None:
    """The slug that an error class states, as the string it is written as."""
    slug = member.members.get("slug") if member.is_class else None
    value = getattr(slug, "value", None)
    return str(value).strip("'\"") if value is not None else None


def main(arguments: list[str]) -> int:
    """Write the pages, or check them. Gives the exit code."""
    written = pages()
    stale = [p for p, text in written.items() if not p.is_file() or p.read_text() != text]
    if "--check" in arguments:
        for path in stale:
            print(f"out of date, run `make docs`: {path.relative_to(ROOT)}")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written[path])
        print(f"docs: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
