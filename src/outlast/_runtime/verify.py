"""Replay verification: does the code do the same again over the same log?

For development: it shows nondeterminism on a workflow's first run, and not after its first crash.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final, assert_never

from outlast._codec import Codec
from outlast._engine.commands import (
    CancelChild,
    CancelStep,
    CancelWait,
    Command,
    DisposeHook,
    KeepHook,
    OpenHook,
    RunStep,
    SetAttributes,
    StartChild,
    StartWait,
)
from outlast._engine.divergence import describe_command
from outlast._engine.execution import Execution
from outlast._engine.outcome import Cancelled, Completed, Failed, Outcome
from outlast._model.events import Logged
from outlast.errors import NonDeterminismError

_NOTHING: Final = "nothing"
_MAX_SHOWN: Final = 200


def verify_replay(live: Execution, log: Sequence[Logged], codec: Codec) -> None:
    """Replay what a live execution has been fed, and compare what is outstanding and the outcome.

    Raises `NonDeterminismError` for a difference. Call it from a callback, as one feeds an execution.
    """
    replayed = Execution(live.definition, live.run_id, codec)
    live.hooks.share(replayed.hooks)
    try:
        _feed(replayed, log)
        recorded, asked = list(standing(live, codec)), list(standing(replayed, codec))
    finally:
        replayed.close()
    for first, second in zip_longest(recorded, asked, fillvalue=_NOTHING):
        if first != second:
            raise _difference(live.run_id, live.position, _short(first), _short(second))


def standing(execution: Execution, codec: Codec) -> Iterator[str]:
    """What an execution has come to, in words: its outcome, or each command that is outstanding."""
    if execution.outcome is not None:
        yield describe_outcome(execution.outcome, codec)
    for command in execution.outstanding():
        yield _describe(command)


def describe_outcome(outcome: Outcome, codec: Codec) -> str:
    """An outcome in words. Of an error only its class: messages may have addresses in them."""
    match outcome:
        case Completed(result):
            return f"the end, with the result {result.decode()}"
        case Failed(error):
            return f"the end, with {codec.describe_error(error).type}"
        case Cancelled():
            return "the end, cancelled"
        case unknown:
            assert_never(unknown)


def _feed(replayed: Execution, log: Sequence[Logged]) -> None:
    try:
        for logged in log:
            replayed.feed(logged)
    except NonDeterminismError as error:
        raise _difference(error.run_id, error.position, error.recorded, error.asked) from error


def _describe(command: Command) -> str:
    match command:
        case RunStep():
            return f"attempt {command.attempt} of {describe_command(command)}"
        case StartWait():
            return f"{describe_command(command)} until {command.deadline}"
        case StartChild():
            return f"{describe_command(command)} as {command.run_id!r}"
        case SetAttributes():
            return f"{describe_command(command)} to {command.attributes}"
        case OpenHook() | KeepHook():
            return f"{type(command).__name__} {command.ref} until {command.expires_at}"
        case DisposeHook() | CancelChild() | CancelStep() | CancelWait():
            return f"to take back {command.ref}"
        case unknown:
            assert_never(unknown)


def _difference(run_id: str, position: int, recorded: str, asked: str) -> NonDeterminismError:
    return NonDeterminismError(
        run_id, position=position, recorded=recorded, asked=asked, verified=True
    )


def _short(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
