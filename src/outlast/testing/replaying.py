"""Replaying recorded logs on the present code."""

import threading
from asyncio import _get_running_loop as running_loop
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from outlast._api.workflows import Workflow
from outlast._codec import Codec
from outlast._engine.execution import Execution
from outlast._engine.outcome import Cancelled, Completed, Failed, Outcome
from outlast._model.events import HookOpened, Logged, RunCancelled, RunCompleted, RunFailed
from outlast._runtime.verify import describe_outcome, standing
from outlast.errors import OutlastError, RecoveryLimitError
from outlast.testing.histories import History


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a replay."""

    run_id: str
    workflow: str
    events: int
    """How many events the code took."""
    standing: tuple[str, ...]
    """What the code has come to: its outcome, or what it asks for and the log does not answer yet."""
    problem: str | None
    """Where the code and the log part; `None` if they fit."""

    @property
    def ok(self) -> bool:
        """Whether the code fits the log."""
        return self.problem is None


def replay(
    history: History | Path | str, workflow: Workflow[..., Any], *, codec: Codec | None = None
) -> ReplayReport:
    """Run a workflow's present code over a recorded log, and compare. No step is run, nothing is written.

    The code must ask for what the log answers, and end as the log ends. Of an error that ended the run
    only the class is compared.

    Args:
        history: A recorded log, or the file that has one.
        workflow: The workflow as it is now.
        codec: What reads the payloads, if the app has one of its own.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no history, or one of another workflow.
        TypeError: `workflow` is not what `@workflow` gives.
    """
    given: Any = workflow
    if not isinstance(given, Workflow):
        message = f"replay() takes a workflow, not a call of it or its function: {given!r}"
        raise TypeError(message)
    if not isinstance(history, History):
        history = History.load(history)
    if history.workflow != workflow.name:
        message = f"this is a history of {history.workflow!r}, not of {workflow.name!r}"
        raise ValueError(message)
    replayed = _Replay(history, workflow, codec or Codec())
    _outside_of_tasks(replayed.run)
    return replayed.report()


def assert_replays(
    history: History | Path | str, workflow: Workflow[..., Any], *, codec: Codec | None = None
) -> None:
    """Raise `AssertionError`, with what is recorded and what is asked, if the code does not fit."""
    report = replay(history, workflow, codec=codec)
    if report.problem is not None:
        raise AssertionError(report.problem)


class _Replay:
    def __init__(self, history: History, workflow: Workflow[..., Any], codec: Codec) -> None:
        self._history, self._codec = history, codec
        self._execution = Execution(workflow.__outlast_definition__, history.run_id, codec)
        self._standing: tuple[str, ...] = ()
        self._problem: str | None = None

    def run(self) -> None:
        try:
            self._feed(self._history.log())
        except OutlastError as problem:
            self._problem = str(problem)
        finally:
            self._standing = tuple(standing(self._execution, self._codec))
            self._execution.close()

    def report(self) -> ReplayReport:
        return ReplayReport(
            run_id=self._history.run_id,
            workflow=self._history.workflow,
            events=self._execution.position,
            standing=self._standing,
            problem=self._problem,
        )

    def _feed(self, log: Sequence[Logged]) -> None:
        opened = (logged.event for logged in log)
        self._execution.hooks.foresee(one for one in opened if isinstance(one, HookOpened))
        for logged in log:
            self._execution.feed(logged)
        recorded = self._recorded_end(log[-1]) if log else None
        if recorded is None:
            return
        outcome = self._execution.outcome
        asked = describe_outcome(outcome, self._codec) if outcome else "more: it has not ended"
        if asked != recorded:
            self._problem = (
                f"run {self._history.run_id!r} does not end as its log does\n"
                f"    recorded: {recorded}\n"
                f"    asked:    {asked}"
            )

    def _recorded_end(self, last: Logged) -> str | None:
        """How the log says that the code has ended; `None` if it says nothing about that."""
        outcome: Outcome
        match last.event:
            case RunCompleted(result=result):
                outcome = Completed(bytes(result))
            case RunFailed(error=error):
                if self._codec.describe_error(error).type == _GIVEN_UP:
                    return None
                outcome = Failed(bytes(error))
            case RunCancelled(reason=reason):
                outcome = Cancelled(reason)
            case _:
                return None
        return describe_outcome(outcome, self._codec)


_GIVEN_UP: Final = f"{RecoveryLimitError.__module__}.{RecoveryLimitError.__qualname__}"
"""The runtime ends a run with it, without asking the code."""


def _outside_of_tasks(function: Callable[[], None]) -> None:
    """Call a function where no event loop runs: an execution must not be turned inside a task."""
    # Not by way of the error that asyncio raises: it would be the context of all that the code raises.
    if running_loop() is None:
        function()
        return
    raised: list[BaseException] = []

    def call() -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            raised.append(error)

    thread = threading.Thread(target=call, name="outlast-replay")
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
