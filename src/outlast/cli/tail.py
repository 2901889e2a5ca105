"""`outlast tail`: what a run writes to a stream."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from cyclopts import Parameter

from outlast import App
from outlast._api.streaming import stream_forms
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.find_run import find_run
from outlast.cli.leaving import while_read
from outlast.cli.looking import operated
from outlast.cli.operated import OperatedApp, OperatedRun
from outlast.cli.output import Output
from outlast.cli.plain import value_text
from outlast.cli.problem import Problem

if TYPE_CHECKING:
    from outlast.http import RemoteRun  # needs an extra

DEFAULT: Final = "default"


async def command(
    run: str | None = None,
    name: str | None = None,
    /,
    *,
    start: int = 0,
    follow: Annotated[bool, Parameter(name="--follow", negative="--no-follow")] = True,
    common: Common = DEFAULTS,
) -> int:
    """Print the chunks of a stream in order, and further ones as they are written, until it is closed. With
    --json, one JSON document a line.

    Parameters
    ----------
    run
        The run's id; the newest run by default.
    name
        The name of the stream. Without it, the only one that the run has, or `default`.
    start
        The index of the first chunk to print; below 0: from the end.
    follow
        With --no-follow, print what is there and no more.
    """
    output = Output(common)
    async with operated(common) as app:
        found = await find_run(app, run)
        name = await _the_stream(found) if name is None else name
        try:
            info = await found.stream_info(name)
        except ValueError as error:
            raise Problem(str(error), hint="Leave the name out for the default stream.") from error
        if info.tail < 0 and (info.closed or not follow):
            output.note_line(await _nothing(found, name))
        elif info.tail < 0:
            output.note_line(f"waiting for stream {name!r} of {found.id}")
        async with while_read():
            async for form in _forms(app, found, name, start, follow=follow):
                output.line(form)
                output.text(value_text(form))
    return Exit.OK


async def _the_stream(run: OperatedRun) -> str:
    """The one that is meant where none is named. Raises `Problem` if it could be any of several."""
    names = [one.name for one in await run.streams()]
    if len(names) > 1 and DEFAULT not in names:
        raise Problem(
            f"run {run.id} has {len(names)} streams: {', '.join(names)}",
            hint=f"Name one: outlast tail {run.id} {names[0]}",
        )
    return names[0] if len(names) == 1 else DEFAULT


async def _nothing(run: OperatedRun, name: str) -> str:
    """That the stream has nothing in it, and which have."""
    said = f"run {run.id} has no stream {name!r}, or nothing in it"
    others = ", ".join(one.name for one in await run.streams())
    return f"{said}; it has: {others}" if others else said


def _forms(
    app: OperatedApp[OperatedRun], run: OperatedRun, name: str, start: int, *, follow: bool
) -> AsyncIterator[Any]:
    """The chunks as JSON. Only tools want them so: of the public objects, the remote run alone has a method for it."""
    if isinstance(app, App):
        return stream_forms(app.runtime, run.id, name, start, follow=follow)
    return cast("RemoteRun", run).stream_forms(name, start, follow=follow)
