"""What a run waits for, in words for people."""

from collections.abc import Iterable
from itertools import islice

from outlast._engine.commands import Command, KeepHook, RunStep, StartChild, StartWait
from outlast._model.runs import Waiting

MAX_SHOWN = 20


def what_it_waits_for(commands: Iterable[Command]) -> tuple[Waiting, ...]:
    """The first few of the commands that are not answered yet."""
    shown = (waiting for command in commands if (waiting := _waiting(command)) is not None)
    return tuple(islice(shown, MAX_SHOWN))


def _waiting(command: Command) -> Waiting | None:
    match command:
        case StartWait():
            return Waiting(
                kind="wait",
                ref=command.ref,
                until=command.deadline,
                line=command.line,
                since=command.started_at,
            )
        case RunStep():
            return Waiting(
                kind="step",
                ref=command.ref,
                until=command.not_before or None,
                on=command.definition.name,
                line=command.line,
                queue=command.definition.queue,
            )
        case StartChild():
            return Waiting(kind="child", ref=command.ref, on=command.run_id, line=command.line)
        case KeepHook(awaited=True):
            return Waiting(
                kind="hook", ref=command.ref, until=command.expires_at, line=command.line
            )
        case _:
            return None
