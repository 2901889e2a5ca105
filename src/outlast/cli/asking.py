"""Asking something of several runs."""

from collections.abc import Awaitable, Callable, Sequence

from rich.text import Text

from outlast.cli.exits import Exit
from outlast.cli.operated import OperatedRun
from outlast.cli.output import Output


async def ask(
    runs: Sequence[OperatedRun],
    what: Callable[[OperatedRun], Awaitable[bool]],
    done: str,
    output: Output,
) -> Exit:
    """Ask each run, and say what came of it. `FAILED` if one of them was over already.

    Raises `RunNotFoundError` before anything is asked if one of them does not exist.
    """
    for run in runs:
        await run.info()
    answers = [
        {"run": run.id, "done": await what(run), "status": await run.status()} for run in runs
    ]
    for answer in answers:
        text = done if answer["done"] else f"is over already: {answer['status']}"
        output.show(Text(f"{answer['run']}  {text}", style="" if answer["done"] else "yellow"))
    output.document({"runs": answers})
    return Exit.OK if all(answer["done"] for answer in answers) else Exit.FAILED
