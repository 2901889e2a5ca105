"""The options that every command has."""

from dataclasses import dataclass
from typing import Annotated, Final

from cyclopts import Group, Parameter

EVERYWHERE: Final = Group("Options of every command", sort_key=99)


@Parameter(name="*", group=EVERYWHERE)
@dataclass(frozen=True, kw_only=True)
class Common:
    """Where the world is, and how to print."""

    url: str | None = None
    """The world: `sqlite:///FILE.db`, a path that ends in `.db`, or `postgresql://...`; or the HTTP API of another
    process, `https://HOST/api/v1`, with OUTLAST_TOKEN. Otherwise OUTLAST_URL, then `url` of
    [tool.outlast] in pyproject.toml, then .outlast/outlast.db."""
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False
    """Print JSON on standard output, and nothing else there."""
    debug: Annotated[bool, Parameter(negative="", show_default=False)] = False
    """Show the traceback of an error."""


DEFAULTS: Final = Common()
"""What holds when no such option is given."""
