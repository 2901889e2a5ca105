"""`outlast prune`: deleting runs that ended long ago."""

from typing import Annotated

from cyclopts import Parameter

from outlast import RunStatus
from outlast._api.inspection import length_of_time
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.looking import existing
from outlast.cli.output import Output
from outlast.cli.problem import Problem
from outlast.cli.texts import count
from outlast.errors import InvalidDurationError


async def command(
    *,
    older_than: str,
    status: Annotated[tuple[RunStatus, ...], Parameter(negative="", show_default=False)] = (),
    workflow: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    common: Common = DEFAULTS,
) -> int:
    """Delete the runs that ended longer ago than this, with their logs. Runs that have not ended stay.

    Parameters
    ----------
    older_than
        A length of time: '30d', '12 hours'.
    status
        Only completed, failed or cancelled ones. May be repeated.
    workflow
        Only of this workflow. May be repeated.
    """
    output = Output(common)
    try:
        age = length_of_time(older_than)
    except InvalidDurationError as error:
        hint = "Write a length of time: 30d, 12h, '2 weeks'."
        raise Problem(f"{older_than!r} is no length of time", hint=hint) from error
    async with existing(common) as app:
        try:
            pruned = await app.prune(age, status=status, workflow=workflow)
        except ValueError as error:
            raise Problem(str(error)) from error
    output.document({"pruned": pruned})
    output.show(f"deleted {count(pruned, 'run')}")
    return Exit.OK
