"""Workers of steps die, stop, stall and come late; their runs get each outcome once."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

import pytest

from outlast import App, Run, RunStatus, step, step_info, workflow
from outlast.errors import RecoveryLimitError, RunCancelledError
from outlast.testing import Signals, Stall, crash
from outlast.world import Advance, Batch, Dispatch
from tests.laws.checks import check_log
from tests.laws.lives import has_queued, read_logs
from tests.worker.conftest import Place, Play, outcome

At = Callable[[Play], None]

cancelled: list[str] = []


class Gate:
    """What the steps of a test wait at."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.begun = 0


gates: list[Gate] = []
"""The last one is that of the current test."""


@step(name="step_workers.pass_gate", queue="gpu")
async def pass_gate() -> int:
    gates[-1].begun += 1
    try:
        await gates[-1].opened.wait()
    except asyncio.CancelledError:
        cancelled.append(step_info().id)
        raise
    return step_info().attempt


@step(name="step_workers.unknown", queue="gpu")
async def unknown() -> None:
    """Known to its run's worker, and then to none."""


@workflow(name="step_workers.one")
async def one() -> int:
    return await pass_gate()


@workflow(name="step_workers.hurried")
async def hurried() -> str:
    try:
        async with asyncio.timeout(60):
            await pass_gate()
    except TimeoutError:
        return "timeout"
    return "in time"


@workflow(name="step_workers.cancels_a_task")
async def cancels_a_task() -> str:
    task = asyncio.create_task(pass_gate())
    await unknown()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "cancelled"
    return "not cancelled"


@pytest.fixture(autouse=True)
def gate() -> Gate:
    gates.append(Gate())
    cancelled.clear()
    return gates[-1]


async def begun(app: App, signals: Signals) -> Run[int]:
    """A run whose step has begun on the worker that gives the signals."""
    run = await app.start(one())
    await signals.wait_for("attempt_started", run_id=run.id)
    return run


async def check(place: Place, run: Run[int]) -> None:
    """One outcome, a log without gaps, and nothing left in the queue."""
    for run_id, log in (await read_logs(place.data.world())).items():
        check_log(run_id, log)
    assert not await has_queued(place.data.world())
    assert await run.status() is RunStatus.COMPLETED


def test_another_worker_makes_what_a_dead_one_has_left(at_place: At) -> None:
    async def play(place: Place) -> None:
        first, second = Signals(), Signals()
        async with place.app("default") as app:
            async with place.app("gpu", instruments=(first,)) as doomed:
                run = await begun(app, first)
                await crash(doomed)
            gates[-1].opened.set()
            async with place.app("gpu", instruments=(second,)):
                assert await run.result() == 1
            assert second.count("attempt_started") == 1
            await check(place, run)

    at_place(play)


def test_a_step_that_kills_its_workers_fails(at_place: At) -> None:
    async def play(place: Place) -> None:
        async with place.app("default") as app:
            run = await app.start(one())
            for _ in range(2):
                signals = Signals()
                async with place.app("gpu", instruments=(signals,)) as doomed:
                    await signals.wait_for("attempt_started")
                    await crash(doomed)
            async with place.app("gpu", recovery_limit=2):
                found = await outcome(run)
            error = found.__cause__.__cause__
            assert isinstance(error, RecoveryLimitError)
            assert (error.step, error.recoveries) == ("step_workers.pass_gate", 2)
            assert gates[-1].begun == 2

    at_place(play)


def test_the_owner_may_die_meanwhile(at_place: At) -> None:
    async def play(place: Place) -> None:
        signals = Signals()
        async with place.app("gpu", instruments=(signals,)):
            async with place.app("default", linger="1h") as doomed:
                run = await begun(doomed, signals)
                await crash(doomed)
            gates[-1].opened.set()
            async with place.app("default") as app:
                assert await app.get_run(run.id).result() == 1
                assert signals.count("attempt_started") == 1
                await check(place, app.get_run(run.id))

    at_place(play)


def test_a_cancelled_run_stops_its_step(at_place: At) -> None:
    async def play(place: Place) -> None:
        signals = Signals()
        async with place.app("default") as app, place.app("gpu", instruments=(signals,)):
            run = await begun(app, signals)
            await run.cancel()
            assert isinstance(await outcome(run), RunCancelledError)
            await signals.wait_for("attempt_ended")
            assert cancelled == [f"{run.id}/step_workers.pass_gate#1"]
            assert not await has_queued(place.data.world())

    at_place(play)


def test_a_timeout_around_it_stops_it(at_place: At) -> None:
    async def play(place: Place) -> None:
        signals = Signals()
        # The lease is longer than the jump of the clock: nobody else takes the step for one whose worker is dead.
        gpu = place.app("gpu", instruments=(signals,), lease="10m")
        async with place.app("default") as app, gpu:
            run = await app.start(hurried())
            await signals.wait_for("attempt_started")
            place.clock.advance("61s")  # time stands still for a clock that skips, as the step runs
            assert await run.result() == "timeout"
            await signals.wait_for("attempt_ended")
            assert len(cancelled) == 1

    at_place(play)


def test_a_cancelled_task_stops_its_step(at_place: At) -> None:
    async def play(place: Place) -> None:
        signals = Signals()
        async with place.app("default") as app, place.app("gpu", instruments=(signals,)):
            assert await (await app.start(cancels_a_task())).result() == "cancelled"
            await signals.wait_for("attempt_ended", step_id="1/step_workers.pass_gate#1")
            assert len(cancelled) == 1

    at_place(play)


def test_a_step_that_nobody_knows_stays_and_is_seen(at_place: At) -> None:
    async def play(place: Place) -> None:
        own = Signals()
        async with place.app("default", instruments=(own,)) as app, place.app("cpu"):
            run = await app.start(one())
            await own.wait_for("run_suspended", run_id=run.id)
            place.clock.advance("30 days")
            (waiting,) = (await run.info()).waiting
            assert (waiting.kind, waiting.on) == ("step", "step_workers.pass_gate")
            gates[-1].opened.set()
            async with place.app("gpu"):
                assert await run.result() == 1

    at_place(play)


@pytest.mark.parametrize("in_time", [True, False])
def test_a_worker_that_stops_finishes_or_hands_back(at_place: At, in_time: bool) -> None:
    async def play(place: Place) -> None:
        first, second = Signals(), Signals()
        async with place.app("default") as app:
            async with place.app("gpu", instruments=(first,)) as stops:
                run = await begun(app, first)
                stopping = asyncio.create_task(stops.stop("10s" if in_time else 0))
                while not stops.runtime.draining:
                    await asyncio.sleep(0)
                if in_time:
                    gates[-1].opened.set()
                await stopping
            gates[-1].opened.set()
            async with place.app("gpu", instruments=(second,), recovery_limit=1):
                assert await run.result() == 1
            assert second.count("attempt_started") == (0 if in_time else 1)
            await check(place, run)

    at_place(play)


def test_who_was_overtaken_writes_no_more(at_place: At, caplog: pytest.LogCaptureFixture) -> None:
    async def play(place: Place) -> None:
        first, second, world = Signals(), Signals(), place.faulty()
        async with place.app("default") as app:
            async with place.app("gpu", world=world, instruments=(first,)):
                run = await begun(app, first)
                world.pause()
                async with place.app("gpu", instruments=(second,)):
                    for _ in range(4):
                        place.clock.advance("10s")
                        await asyncio.sleep(0.01)
                    await second.wait_for("attempt_started")
                    gates[-1].opened.set()
                    await first.wait_for("attempt_ended")
                    assert await run.result() == 1
                    world.resume()
                    while "is dropped" not in caplog.text:
                        await asyncio.sleep(0.001)
            await check(place, run)

    with caplog.at_level(logging.WARNING, logger="outlast"):
        at_place(play)


def test_what_the_owner_had_missed_does_not_lose_a_step(at_place: At) -> None:
    """A commit that dispatches, and finds that others have written meanwhile, dispatches nothing."""

    async def play(place: Place) -> None:
        world = place.faulty()
        gates[-1].opened.set()
        async with place.app("default", world=world) as app, place.app("gpu"):
            world.inject(Stall(call=2, of="commit"))
            starting = asyncio.create_task(app.start(one(), run_id="r"))
            await world.stalled.wait()
            async with place.app() as other:
                await other.get_run("r").wake()
            world.resume()
            assert await (await starting).result() == 1
            await check(place, await starting)

    at_place(play)


def test_data_that_cannot_be_read_is_left(at_place: At, caplog: pytest.LogCaptureFixture) -> None:
    async def play(place: Place) -> None:
        async with place.app("default", linger="1h") as app:
            run = await app.start(one())
            record = await app.runtime.world.listing.get(run.id)
            assert record is not None
            await app.runtime.world.log.commit(damaging(run.id, record.epoch, record.position))
            async with place.app("gpu", grace=0):
                while "is left" not in caplog.text:
                    await asyncio.sleep(0.001)
            assert await run.cancel()

    with caplog.at_level(logging.ERROR, logger="outlast"):
        at_place(play)


def damaging(run_id: str, epoch: int, seen: int) -> Batch:
    dispatch = Dispatch(
        ref="other#1",
        name="step_workers.unknown",
        queue="gpu",
        priority=0,
        attempt=1,
        data=b'{"from": "tomorrow"}',
    )
    advance = Advance(run_id=run_id, epoch=epoch, seen=seen, dispatches=(dispatch,))
    return Batch(advances=(advance,))


def test_each_attempt_is_begun_once_where_nobody_dies(at_place: At) -> None:
    async def play(place: Place) -> None:
        workers = [Signals() for _ in range(3)]
        gates[-1].opened.set()
        async with (
            place.app("default") as app,
            place.app("gpu", instruments=(workers[0],)),
            place.app("gpu", instruments=(workers[1],)),
            place.app("gpu", instruments=(workers[2],)),
        ):
            runs = [await app.start(one()) for _ in range(30)]
            assert [await run.result() for run in runs] == [1] * 30
        made = Counter(s.fields["run_id"] for w in workers for s in w.find("attempt_started"))
        assert set(made.values()) == {1}

    at_place(play)
