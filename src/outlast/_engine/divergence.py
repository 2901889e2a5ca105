"""Telling what was recorded from what is asked."""

from collections.abc import Sequence
from typing import assert_never

from outlast._codec import Codec
from outlast._engine.commands import (
    Asked,
    OpenHook,
    RunStep,
    SetAttributes,
    StartChild,
    StartWait,
)
from outlast._engine.outcome import Cancelled, Completed, Failed, Outcome
from outlast._model.events import Event, Logged
from outlast.errors import NonDeterminismError

MAX_SHOWN = 3


def fits(command: Asked, name: str | None, digest: str | None) -> bool:
    """Whether a recorded name and input digest are those of the command. `None` is not compared."""
    match command:
        case RunStep():
            return name in (None, command.definition.name) and digest in (None, command.digest)
        case StartChild():
            request = command.request
            return name in (None, request.workflow) and digest in (None, request.digest)
        case OpenHook():
            return name in (None, command.token)
        case StartWait() | SetAttributes():
            return True
        case unknown:
            assert_never(unknown)


def found(
    run_id: str, logged: Logged, asked: Sequence[Asked], ended: str = ""
) -> NonDeterminismError:
    """The error for an event that answers nothing that the code has asked for. Code that has `ended`, which is how,
    asks for nothing."""
    ref = getattr(logged.event, "id", "")
    same = [command for command in asked if command.ref == ref]
    shown = same or list(asked[:MAX_SHOWN])
    more = len(asked) - len(shown) if not same else 0
    described = ", ".join(describe_command(command) for command in shown)
    text = described or ended or "nothing that is still open"
    return NonDeterminismError(
        run_id,
        position=logged.position,
        recorded=_describe_event(logged.event),
        asked=text + (f", and {more} more" if more else ""),
    )


def ending(outcome: Outcome, codec: Codec) -> str:
    """How the code has ended, for people."""
    match outcome:
        case Completed():
            return "nothing more: it has returned"
        case Failed(error):
            return f"nothing more: it has raised {codec.describe_error(error)}"
        case Cancelled():
            return "nothing more: it was cancelled"
        case unknown:
            assert_never(unknown)


def unfit_arguments(run_id: str, problem: str) -> NonDeterminismError:
    """The error for recorded arguments that the workflow's signature does not take any more."""
    return NonDeterminismError(
        run_id,
        position=0,
        recorded="run_created with its arguments",
        asked=f"other arguments: {problem}",
    )


def _describe_event(event: Event) -> str:
    return _describe(
        event.__struct_config__.tag,
        getattr(event, "id", ""),
        getattr(event, "digest", None),
        getattr(event, "line", None),
    )


def describe_command(command: Asked) -> str:
    """A command for people: its kind and id, and where the code asks for it."""
    kinds = {
        RunStep: "step",
        StartWait: "wait",
        StartChild: "child",
        SetAttributes: "attributes",
        OpenHook: "hook",
    }
    return _describe(
        kinds[type(command)], command.ref, getattr(command, "digest", None), command.line
    )


def _describe(kind: object, ref: str, digest: str | None, line: str | None) -> str:
    text = f"{kind} {ref}"
    if digest:
        text += f" (input {digest})"
    return f"{text} at {line}" if line else text
