"""`outlast explain`: the pages about errors, which come with the library."""

import re
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from rich.markdown import Markdown
from rich.table import Table

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.output import Output
from outlast.cli.problem import Problem


def command(error: str | None = None, /, *, common: Common = DEFAULTS) -> int:
    """Print the page about an error: what happened, why, what to do, and an example. Without an error, list
    all pages.

    Parameters
    ----------
    error
        The error's slug, as messages have it (`run-blocked`), or its class (`RunBlockedError`).
    """
    output = Output(common)
    pages = _pages()
    titles = {slug: _title(text) for slug, text in pages.items()}
    if error is None:
        output.document({"errors": [{"slug": one, "class": titles[one]} for one in pages]})
        output.show(_contents(titles))
        return Exit.OK
    slug = next((one for one in pages if error in (one, titles[one])), None)
    if slug is None:
        raise _unknown(error, titles)
    output.document({"slug": slug, "class": titles[slug], "text": pages[slug]})
    if output.out.is_terminal:
        output.show(Markdown(pages[slug]))
    else:
        output.text(pages[slug].rstrip("\n"))
    return Exit.OK


def _pages() -> dict[str, str]:
    """The pages by slug. The wheel has them beside the code, a checkout in its documentation."""
    installed: Traversable = files("outlast") / "pages"
    folder = installed if installed.is_dir() else Path(__file__).parents[3] / "docs" / "errors"
    found = {page.name.removesuffix(".md"): page for page in folder.iterdir()}
    return {slug: found[slug].read_text("utf-8") for slug in sorted(found) if slug != "README"}


def _title(text: str) -> str:
    """The class that a page is about: its first line is "# `RunBlockedError`"."""
    title = re.match(r"# `(\w+)`", text)
    return title[1] if title else ""


def _contents(titles: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for slug, title in titles.items():
        table.add_row(slug, title)
    return table


def _unknown(error: str, titles: dict[str, str]) -> Problem:
    close = get_close_matches(error, [*titles, *titles.values()], n=1)
    return Problem(
        f"there is no page about {error!r}",
        hint=f"Did you mean {close[0]!r}?" if close else "See: outlast explain",
    )
