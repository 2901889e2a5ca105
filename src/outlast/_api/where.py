"""Where the current code runs: in a workflow, in a step, or outside."""

from asyncio import _get_running_loop as running_loop

from outlast._engine.execution import Execution
from outlast._engine.loop import WorkflowLoop
from outlast._runtime.attempts import CURRENT_ATTEMPT, Attempt
from outlast.errors import NotAllowedHereError


def current_execution() -> Execution | None:
    """The execution whose workflow code is running now."""
    loop = running_loop()
    return loop.sources if isinstance(loop, WorkflowLoop) else None


def current_attempt() -> Attempt | None:
    """The attempt whose step code is running now."""
    return CURRENT_ATTEMPT.get()


def workflow_only(what: str) -> Execution:
    """The current execution. Raises `NotAllowedHereError` in a step and outside of a run."""
    execution = current_execution()
    if execution is not None:
        return execution
    if current_attempt() is not None:
        raise NotAllowedHereError(
            what,
            "in a step",
            f"Call {what} in the workflow, between its steps; a step just does its work.",
        )
    raise NotAllowedHereError(
        what, "outside of a workflow", f"Call {what} in a function decorated with @workflow."
    )
