"""Asking something of several runs."""

from collections.abc import Awaitable, Callable, Sequence

from rich.text import Text

from outlast.cli.exits import Exit
from outlast.cli.operated import OperatedRun
from outlast.cli.output import Output
from outlast.cli.problem import Problem
from outlast.errors import RunNotFoundError


async def ask(
    runs: Sequence[OperatedRun],
    what: Callable[[OperatedRun], Awaitable[bool]],
    done: str,
    output: Output,
) -> Exit:
    """Ask each run, and say what came of it. `FAILED` if one of them was over already.

    Raises `Problem` before anything is asked if one of them does not exist.
    """
    missing = [run.id for run in runs if not await _exists(run)]
    if missing:
        raise Problem(
            f"there is no run {', '.join(map(repr, missing))}",
            hint=f"Nothing was asked{' of the others' if len(runs) > len(missing) else ''}. "
            "See which runs there are: outlast list",
            exit_code=Exit.NOT_FOUND,
            kind=RunNotFoundError.slug,
        )
    answers = [
        {"run": run.id, "done": await what(run), "status": await run.status()} for run in runs
    ]
    for answer in answers:
        text = done if answer["done"] else f"is over already: {answer['status']}"
        output.show(Text(f"{answer['run']}  {text}", style="" if answer["done"] else "yellow"))
    output.document({"runs": answers})
    return Exit.OK if all(answer["done"] for answer in answers) else Exit.FAILED


async def _exists(run: OperatedRun) -> bool:
    try:
        await run.info()
    except RunNotFoundError:
        return False
    return True
