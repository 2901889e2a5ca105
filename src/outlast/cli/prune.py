"""`outlast prune`: deleting runs that ended long ago."""

from datetime import timedelta
from typing import Annotated, Final

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

UNASKED: Final = timedelta(minutes=1)
"""What is younger is not deleted without `--yes`: it is likely to be looked at still."""


async def command(
    *,
    older_than: str,
    status: Annotated[tuple[RunStatus, ...], Parameter(negative="", show_default=False)] = (),
    workflow: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    yes: Annotated[bool, Parameter(negative="", show_default=False)] = False,
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
    yes
        Needed for a length of time below a minute, which deletes nearly all that has ended.
    """
    output = Output(common)
    try:
        age = length_of_time(older_than)
    except InvalidDurationError as error:
        hint = "Write a length of time: 30d, 12h, '2 weeks'."
        raise Problem(f"{older_than!r} is no length of time", hint=hint) from error
    if age < UNASKED and not yes:
        raise Problem(
            f"--older-than {older_than} deletes nearly all runs that have ended",
            hint="Nothing was deleted. If that is what you want, add --yes.",
        )
    async with existing(common) as app:
        try:
            pruned = await app.prune(age, status=status, workflow=workflow)
        except ValueError as error:
            raise Problem(str(error)) from error
    output.document({"pruned": pruned})
    output.show(f"deleted {count(pruned, 'run')}")
    return Exit.OK
