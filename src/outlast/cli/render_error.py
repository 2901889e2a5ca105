"""Errors as people and as scripts see them."""

import sys
from typing import Final

import msgspec
from cyclopts import CycloptsError
from rich.console import Group, RenderableType
from rich.text import Text

from outlast.cli.consoles import console
from outlast.cli.output import to_json
from outlast.cli.problem import Problem
from outlast.cli.texts import indented
from outlast.errors import OutlastError
from outlast.worlds import FORMS

_REMOTE: Final = (
    "What looks at runs, starts or resumes them takes the HTTP API as well: https://HOST/api/v1."
)


class ErrorView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error, ready to be shown."""

    kind: str
    """The slug of an error of the library, `no-database` if it does not exist yet, else `usage`."""
    message: str
    hint: str | None = None
    details: str | None = None
    docs: str | None = None
    """The command that tells more."""


def view_of(error: Exception, command: str | None = None) -> ErrorView:
    """What to show of an error, and whose help to name: that of the `command`, if there is one."""
    see = f"See: outlast {command} --help" if command else "See: outlast --help"
    match error:
        case Problem(message=message, hint=hint, details=details):
            hint = " ".join(filter(None, (hint, see if error.see_help else None))) or None
            return ErrorView(kind=error.kind, message=message, hint=hint, details=details)
        case OutlastError():
            message, _, rest = str(error.args[0]).partition("\n")
            return ErrorView(
                kind=error.slug,
                message=message,
                hint=_hint(error),
                details=rest or None,
                docs=error.docs,
            )
        case CycloptsError():
            return ErrorView(kind="usage", message=_plain(error), hint=see)
        case _:
            return ErrorView(kind="error", message=f"{type(error).__name__}: {error}")


def print_error(view: ErrorView, *, json: bool) -> None:
    """Print on standard error."""
    if json:
        sys.stderr.write(to_json({"error": view}) + "\n")
        return
    console(stderr=True).print(render_error(view))


def render_error(view: ErrorView) -> RenderableType:
    """The message, details as they are, the hint, and where to read on."""
    parts: list[RenderableType] = [Text.assemble(("error: ", "bold red"), (view.message, "bold"))]
    if view.details:
        parts.append(Text(indented(view.details.strip("\n"))))
    if view.hint:
        parts.append(Text.assemble(("hint: ", "cyan"), view.hint))
    if view.docs:
        parts.append(Text(f"Run: {view.docs}", style="dim"))
    return Group(*parts)


def _hint(error: OutlastError) -> str | None:
    """That of the library, which does not know that a URL is the command line's."""
    return f"{FORMS} {_REMOTE}" if error.hint == FORMS else error.hint


def _plain(error: CycloptsError) -> str:
    return str(error).strip() or type(error).__name__
