"""What holds for every log, whatever happened."""

from collections import Counter
from collections.abc import Iterator

from outlast import RunStatus
from outlast._model.events import (
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    StepCompleted,
    StepFailed,
    StepRetried,
    WaitCompleted,
)
from outlast.testing import Signal
from tests.laws.lives import Log, Story

ENDS = (RunCompleted, RunFailed, RunCancelled)
OUTCOMES = (StepCompleted, StepFailed)


def check_story(story: Story) -> None:
    """All that holds for every story whose runs have ended."""
    assert story.clock.held == 0
    for run_id, log in story.logs.items():
        check_log(run_id, log)
        assert isinstance(log[-1].event, ENDS), (run_id, log[-1])
        assert story.statuses[run_id] in (
            RunStatus.COMPLETED,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        )
    assert not story.queued, "a step of a run that is over is still in the queue"
    check_nothing_lost(story)
    check_attempts(story)


def check_log(run_id: str, log: Log) -> None:
    """Dense, in order, begun once, ended at most once and then over, one outcome a step."""
    assert [logged.position for logged in log] == list(range(len(log))), run_id
    times = [logged.at for logged in log]
    assert times == sorted(times), (run_id, "time goes back in the log")
    assert [isinstance(logged.event, RunCreated) for logged in log] == [
        n == 0 for n in range(len(log))
    ]
    assert not [logged for logged in log[:-1] if isinstance(logged.event, ENDS)], run_id
    outcomes = Counter(e.event.id for e in log if isinstance(e.event, OUTCOMES))
    assert set(outcomes.values()) <= {1}, (run_id, outcomes)
    waits = Counter(e.event.id for e in log if isinstance(e.event, WaitCompleted))
    assert set(waits.values()) <= {1}, (run_id, waits)
    for logged in log:
        if isinstance(logged.event, WaitCompleted):
            assert logged.at >= logged.event.deadline, (run_id, "a wait has fired early", logged)


def check_nothing_lost(story: Story) -> None:
    """What one life left in the logs, the next ones found there and only added to."""
    for before, after in zip(story.lives, story.lives[1:], strict=False):
        for run_id, log in before.left.items():
            assert after.left[run_id][: len(log)] == log, run_id


def check_attempts(story: Story) -> None:
    """An attempt is made again only if its outcome was not in the log when its process died."""
    left: dict[str, Log] = {}
    for life in story.lives:
        over = {outcome for run_id, log in left.items() for outcome in recorded(run_id, log)}
        for started in life.signals.find("attempt_started"):
            run_id, step_id = started.fields["run_id"], started.fields["step_id"]
            attempt = started.fields["attempt"]
            assert (run_id, step_id, attempt) not in over, ("made again", started)
        again = [
            key for key, times in attempts_of(life.signals.find("attempt_started")) if times > 1
        ]
        assert not again, ("made twice in one life", again)
        left = life.left


def attempts_of(signals: list[Signal]) -> Iterator[tuple[tuple[str, str, int], int]]:
    """How often each attempt was started."""
    yield from Counter(
        (s.fields["run_id"], s.fields["step_id"], s.fields["attempt"]) for s in signals
    ).items()


def recorded(run_id: str, log: Log) -> Iterator[tuple[str, str, int]]:
    """The attempts whose outcome is in the log, and those that can not come any more."""
    for logged in log:
        event = logged.event
        if isinstance(event, StepRetried):
            yield run_id, event.id, event.attempt
        if isinstance(event, OUTCOMES):
            yield from ((run_id, event.id, attempt) for attempt in range(1, 20))


def step_outcomes(story: Story) -> dict[str, dict[str, str]]:
    """What is recorded of the steps of each run: by step, how it ended."""
    return {
        run_id: {
            logged.event.id: f"{logged.event.attempt} {type(logged.event).__name__}"
            for logged in log
            if isinstance(logged.event, OUTCOMES)
        }
        for run_id, log in story.logs.items()
    }
