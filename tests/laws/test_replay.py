"""Law 1: replaying an unchanged log changes nothing and asks for nothing that it already has."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast._codec import Codec
from outlast._engine.commands import (
    CancelChild,
    CancelStep,
    CancelWait,
    Command,
    DisposeHook,
    KeepHook,
)
from outlast._engine.execution import Execution
from outlast._model.events import (
    ChildCancelled,
    ChildCompleted,
    ChildFailed,
    Logged,
    RunCreated,
    StepCompleted,
    StepFailed,
    StepStarted,
    WaitCompleted,
)
from outlast._registry.registry import REGISTRY
from outlast._runtime.verify import standing
from tests.laws.data import MemoryData
from tests.laws.lives import RUN, Log, tell
from tests.laws.shapes import SHAPES

CODEC = Codec()
ANSWERS = StepCompleted | StepFailed | WaitCompleted | ChildCompleted | ChildFailed | ChildCancelled
FOLLOWING = CancelStep | CancelWait | CancelChild | KeepHook | DisposeHook
"""What is about something that was asked for before."""

_logs: dict[str, dict[str, Log]] = {}


@pytest.fixture
def logs(request: pytest.FixtureRequest) -> dict[str, Log]:
    """The logs of a shape's runs, recorded once."""
    return logs_of(request.node.callspec.params["name"])


def logs_of(name: str) -> dict[str, Log]:
    if name not in _logs:
        _logs[name] = tell(MemoryData, lambda app: SHAPES[name].play(app, RUN)).logs
    return _logs[name]


def begun(run_id: str, log: Sequence[Logged]) -> Execution:
    created = log[0].event
    assert isinstance(created, RunCreated)
    definition = REGISTRY.workflow(created.workflow)
    assert definition is not None
    return Execution(definition, run_id, CODEC)


def stand(execution: Execution) -> list[str]:
    return list(standing(execution, CODEC))


@pytest.mark.parametrize("name", SHAPES)
def test_every_prefix_asks_for_the_same_again(name: str, logs: dict[str, Log]) -> None:
    """An execution that was fed event by event stands where one stands that replays up to there."""
    for run_id, log in logs.items():
        live = begun(run_id, log)
        for length, logged in enumerate(log, 1):
            live.feed(logged)
            replayed = begun(run_id, log)
            for again in log[:length]:
                replayed.feed(again)
            assert stand(replayed) == stand(live), (run_id, length)
            replayed.close()
        live.close()


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_is_asked_that_is_answered(name: str, logs: dict[str, Log]) -> None:
    for run_id, log in logs.items():
        execution = begun(run_id, log)
        asked: set[str] = set()
        answered: set[str] = set()
        for logged in log:
            if isinstance(logged.event, ANSWERS):
                answered.add(logged.event.id)
            for command in execution.feed(logged):
                check_command(command, asked, answered)
            for command in execution.outstanding():
                assert isinstance(command, CancelChild) or command.ref not in answered
        execution.close()


def check_command(command: Command, asked: set[str], answered: set[str]) -> None:
    """Each thing is asked for once, or once more for its next attempt; and never after its answer."""
    if isinstance(command, FOLLOWING):
        assert command.ref in asked
        return
    assert command.ref not in answered
    attempt = getattr(command, "attempt", 1)
    assert (command.ref in asked) == (attempt > 1)
    asked.add(command.ref)


@pytest.mark.parametrize("name", SHAPES)
def test_what_the_log_says_of_the_end_is_what_the_code_says(
    name: str, logs: dict[str, Log]
) -> None:
    for run_id, log in logs.items():
        execution = begun(run_id, log)
        for logged in log[:-1]:
            execution.feed(logged)
        assert execution.outcome is not None
        assert all(isinstance(command, CancelChild) for command in execution.outstanding())
        kind = type(execution.outcome).__name__
        assert type(log[-1].event).__name__ == f"Run{kind}"
        assert execution.feed(log[-1]) == []
        execution.close()


@pytest.mark.law
@given(data=st.data())
def test_late_and_repeated_events_are_inert(data: st.DataObject) -> None:
    """What was answered, or taken back, is not answered again by an event that comes twice or late."""
    name = data.draw(st.sampled_from(sorted(SHAPES)))
    for run_id, log in logs_of(name).items():
        plain, disturbed = begun(run_id, log), begun(run_id, log)
        for length, logged in enumerate(log, 1):
            plain.feed(logged)
            disturbed.feed(logged)
            assert stand(disturbed) == stand(plain)
            late = [
                one.event for one in log[:length] if isinstance(one.event, ANSWERS | StepStarted)
            ]
            for event in data.draw(st.lists(st.sampled_from(late), max_size=2)) if late else ():
                before = stand(disturbed)
                assert disturbed.feed(Logged(length, logged.at, event)) == []
                assert stand(disturbed) == before
        plain.close()
        disturbed.close()


@pytest.mark.parametrize("name", SHAPES)
def test_eviction_at_any_place_is_silent(name: str, logs: dict[str, Log]) -> None:
    """A run that leaves memory half-way asks for nothing while its coroutines unwind."""
    for run_id, log in logs.items():
        for length in range(1, len(log)):
            execution = begun(run_id, log)
            for logged in log[:length]:
                execution.feed(logged)
            ended = execution.outcome
            execution.close()
            assert execution.outcome is ended
            assert not [one for one in execution.outstanding() if not isinstance(one, CancelChild)]
