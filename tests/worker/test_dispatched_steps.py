"""Steps that other workers make: what the step sees, and what its run gets to know."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from outlast import (
    FatalError,
    RetryableError,
    RunStatus,
    StepFailedError,
    run_info,
    set_attributes,
    step,
    step_info,
    workflow,
)
from outlast.errors import DecodeError, DefinitionError, StepTimeoutError
from outlast.instrument import Instrument
from outlast.testing import Signals
from tests.worker.conftest import Place, Play, outcome

At = Callable[[Play], None]


@step(name="dispatched.render", queue="gpu")
async def render(frames: int) -> dict[str, Any]:
    info, run = step_info(), run_info()
    await set_attributes({"rendered": frames})
    return {
        "id": info.id,
        "name": info.name,
        "attempt": info.attempt,
        "workflow": run.workflow,
        "tenant": run.attributes["tenant"],
    }


@step(name="dispatched.crunch", queue="gpu")
def crunch(number: int) -> int:
    return number * 2


@step(name="dispatched.moody", queue="gpu", retries=2, backoff="10s")
async def moody(errors: list[str]) -> int:
    """Fails with these errors, one after the other."""
    attempt = step_info().attempt
    if attempt <= len(errors):
        match errors[attempt - 1]:
            case "later":
                raise RetryableError("later", retry_after="1h")
            case "fatal":
                raise FatalError("for good")
            case _:
                raise ValueError("now and then")
    return attempt


@step(name="dispatched.stuck", queue="gpu", retries=0, timeout="20ms")
async def stuck() -> None:
    await asyncio.get_running_loop().create_future()


@workflow(name="dispatched.film")
async def film() -> list[Any]:
    return [await render(3), await crunch(4)]


@workflow(name="dispatched.tries")
async def tries(errors: list[str]) -> int:
    return await moody(errors)


@workflow(name="dispatched.hangs")
async def hangs() -> None:
    await stuck()


@workflow(name="dispatched.fans_out")
async def fans_out(number: int) -> int:
    return sum(await asyncio.gather(*[crunch(n) for n in range(number)]))


def test_the_workers_of_the_queue_make_it(at_place: At) -> None:
    async def play(place: Place) -> None:
        own, other = Signals(), Signals()
        async with place.app("default", instruments=(own,)) as app:
            run = await app.start(film(), attributes={"tenant": "acme"})
            await own.wait_for("run_suspended", run_id=run.id)
            info = await run.info()
            assert info.status is RunStatus.SUSPENDED
            assert [(one.kind, one.on) for one in info.waiting] == [("step", "dispatched.render")]
            async with place.app("gpu", instruments=(other,)):
                made = {
                    "id": f"{run.id}/dispatched.render#1",
                    "name": "dispatched.render",
                    "attempt": 1,
                    "workflow": "dispatched.film",
                    "tenant": "acme",
                }
                assert await run.result() == [made, 8]
                workers = {one.id for one in await app.workers() if one.queues == ("gpu",)}
            assert (await run.info()).attributes == {"tenant": "acme", "rendered": 3}
            steps = await run.steps()
        assert own.count("attempt_started") == 0
        assert {attempt.worker for one in steps for attempt in one.attempts} == workers
        assert (other.count("attempt_started"), other.count("run_claimed")) == (2, 0)
        assert [(one.status, one.input["args"]) for one in steps] == [
            ("completed", [3]),
            ("completed", [4]),
        ]

    at_place(play)


def test_one_worker_may_serve_both(at_place: At) -> None:
    async def play(place: Place) -> None:
        async with place.app("default", "gpu") as app:
            assert await (await app.start(fans_out(30))).result() == 870

    at_place(play)


@pytest.mark.parametrize(
    ("errors", "ends", "pauses"),
    [
        ([], 1, []),
        (["now", "now"], 3, [(5, 10), (10, 20)]),
        (["later"], 2, [(3_600, 3_600)]),
        (["now", "now", "now"], "3 ValueError", [(5, 10), (10, 20)]),
        (["fatal"], "1 FatalError", []),
    ],
)
def test_retries_go_over_the_queue(
    at_place: At, errors: list[str], ends: int | str, pauses: list[tuple[int, int]]
) -> None:
    """The log tells how long each wait was to be; how far the clock went beside it is the machine's matter."""

    async def play(place: Place) -> None:
        own = Signals()
        async with place.app("default", linger=0, instruments=(own,)) as app, place.app("gpu"):
            run = await app.start(tries(errors))
            found = await outcome(run)
            events = await run.events()
        if isinstance(ends, int):
            assert found == ends
        else:
            failed = found.__cause__
            assert isinstance(failed, StepFailedError)
            assert f"{failed.attempts} {type(failed.__cause__).__name__}" == ends
        ended = [one.data for one in events if "digest" in one.data]
        for attempt, following, (least, most) in zip(ended[:-1], ended[1:], pauses, strict=True):
            pause = (attempt["retry_at"] - attempt["started_at"]) / 1_000_000
            assert least <= pause <= most
            assert following["started_at"] >= attempt["retry_at"]
        assert own.count("attempt_started") == 0

    at_place(play)


def test_timeouts_of_attempts_hold_there(at_place: At) -> None:
    async def play(place: Place) -> None:
        async with place.app("default") as app, place.app("gpu"):
            found = await outcome(await app.start(hangs()))
        assert isinstance(found.__cause__.__cause__, StepTimeoutError)

    at_place(play)


@pytest.mark.parametrize("rooms", [1, 2])
def test_no_more_are_made_at_once_than_there_is_room_for(at_place: At, rooms: int) -> None:
    async def play(place: Place) -> None:
        signals = Signals()
        async with (
            place.app("default") as app,
            place.app("gpu", max_steps=rooms, instruments=(signals,)),
        ):
            assert await (await app.start(fans_out(7))).result() == 42
        under_way = 0
        for one in signals.history:
            under_way += {"attempt_started": 1, "attempt_ended": -1}.get(one.name, 0)
            assert under_way <= rooms

    at_place(play)


class Ignorance(Instrument):
    """Lets the module have no class `Frame` while an attempt is made."""

    def __init__(self) -> None:
        self._patch = pytest.MonkeyPatch()

    def attempt_started(self, run_id: str, step_id: str, attempt: int) -> None:
        self._patch.delattr(sys.modules[__name__], "Frame")

    def attempt_ended(
        self, run_id: str, step_id: str, attempt: int, error: BaseException | None
    ) -> None:
        self._patch.undo()


def test_an_input_that_cannot_be_read_there_fails_the_step(at_place: At) -> None:
    async def play(place: Place) -> None:
        async with place.app("default") as app, place.app("gpu", instruments=(Ignorance(),)):
            found = await outcome(await app.start(sends_a_frame()))
        assert isinstance(found.__cause__.__cause__, DecodeError)
        assert found.__cause__.attempts == 1

    at_place(play)


@dataclass
class Frame:
    """A class that the worker of the step does not know."""

    number: int


@step(name="dispatched.takes_anything", queue="gpu")
async def takes_anything(thing: Any) -> None:
    """Never sees it."""


@workflow(name="dispatched.sends_a_frame")
async def sends_a_frame() -> None:
    await takes_anything(Frame(1))


@pytest.mark.parametrize("queue", ["", "two\nlines", 7, b"gpu", "q" * 201])
def test_a_queue_is_a_printable_text(queue: Any) -> None:
    with pytest.raises(DefinitionError, match="queue="):
        step(name="dispatched.never", queue=queue)(lambda: None)
