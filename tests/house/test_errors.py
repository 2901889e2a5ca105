"""Errors: the tree drawn in errors.py is the real one, and each class has a slug and a page."""

import inspect
import re
from itertools import pairwise

import pytest

from outlast import errors
from outlast.errors import OutlastError
from tests.house.checkout import ROOT, expect_none, modules

PAGES = ROOT / "docs" / "errors"
SECTIONS = ["What happened", "Why", "What to do", "Example"]


def _classes() -> list[type[OutlastError]]:
    return [
        found
        for _, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, OutlastError)
    ]


def test_the_drawn_tree_is_the_real_one() -> None:
    real = {
        cls.__name__: parent.__name__
        for cls in _classes()
        for parent in cls.__bases__
        if issubclass(parent, OutlastError)
    }
    assert errors.__doc__ is not None
    assert _drawn_tree(errors.__doc__) == real


def test_a_tree_is_read_as_it_is_drawn() -> None:
    drawn = "    A\n    ├── B    text\n    │   └── C\n    └── D\n        └── E\n"
    assert _drawn_tree(drawn) == {"B": "A", "C": "B", "D": "A", "E": "D"}


def test_slugs_are_unique_and_their_own() -> None:
    slugs = [cls.__dict__.get("slug") for cls in _classes()]
    assert None not in slugs, "a class inherits its slug"
    assert len(set(slugs)) == len(slugs) >= 30


@pytest.mark.parametrize("cls", _classes(), ids=lambda cls: cls.slug)
def test_each_error_has_a_page(cls: type[OutlastError]) -> None:
    page = PAGES / f"{cls.slug}.md"
    assert page.is_file(), f"write docs/errors/{cls.slug}.md about {cls.__name__}"
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# `{cls.__name__}`\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert _empty_sections(text) == []
    assert "```python" in text.partition("## Example")[2]


def test_no_page_is_about_an_error_that_is_gone() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert pages == {cls.slug for cls in _classes()}


def test_errors_live_in_one_file() -> None:
    """No other module derives a public error: what users catch is in errors.py."""
    names = {cls.__name__ for cls in _classes()}
    found = [
        f"{module.shown}: {line.strip()}"
        for module in modules()
        if module.name != "outlast.errors"
        for line in module.source.splitlines()
        if (match := re.match(r"class \w+\(([^)]*)\)", line))
        and names & {base.strip() for base in match[1].split(",")}
    ]
    expect_none(found)


def _drawn_tree(text: str) -> dict[str, str]:
    """From each class in a drawing to its parent. A level is four columns deep."""
    rows = re.findall(r"^    ((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w*)", text, re.MULTILINE)
    path: list[str] = []
    parents: dict[str, str] = {}
    for lead, name in rows:
        depth = len(lead) // 4
        path = [*path[:depth], name]
        parents |= {child: parent for parent, child in pairwise(path)}
    return parents


def _empty_sections(text: str) -> list[str]:
    bodies = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return [
        title for title, body in zip(bodies[::2], bodies[1::2], strict=True) if not body.strip()
    ]
