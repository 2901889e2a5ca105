"""Named signals."""

import asyncio
import inspect

import pytest

from outlast import App, sleep, step, workflow
from outlast.instrument import Instrument
from outlast.testing import Signals, SkippingClock


@step
async def twice(n: int) -> int:
    return 2 * n


@workflow
async def two_steps_and_a_night() -> int:
    n = await twice(1)
    await sleep("8h")
    return await twice(n)


def test_every_method_of_an_instrument_is_a_signal() -> None:
    methods = {name for name in vars(Instrument) if not name.startswith("_")}
    assert methods <= vars(Signals).keys()
    for name in methods:
        signals = Signals()
        parameters = list(inspect.signature(getattr(Instrument, name)).parameters)[1:]
        getattr(signals, name)(**dict.fromkeys(parameters))
        assert [(one.name, list(one.fields)) for one in signals.history] == [(name, parameters)]


def test_waiting_for_signals() -> None:
    async def main() -> None:
        signals = Signals()
        async with App("memory://", clock=SkippingClock(), instruments=[signals]) as app:
            run = await app.start(two_steps_and_a_night())
            await signals.wait_for("run_suspended", run_id=run.id)
            assert signals.count("attempt_ended") == 1
            last = await signals.wait_for("attempt_ended", times=2)
            assert last.fields["step_id"] == "twice#2"
            await run.result()
            assert signals.find("run_ended")[0].fields == {
                "run_id": run.id,
                "status": "completed",
            }
            assert signals.count("run_ended", status="failed") == 0

    asyncio.run(asyncio.wait_for(main(), 60))


def test_the_next_one_is_one_that_has_not_come_yet() -> None:
    async def main() -> None:
        signals = Signals()
        signals.run_suspended("a")
        waiting = asyncio.create_task(signals.wait_for_next("run_suspended"))
        await asyncio.sleep(0)
        signals.run_blocked("b", "")
        await asyncio.sleep(0)
        assert not waiting.done()
        signals.run_suspended("c")
        assert (await waiting).fields == {"run_id": "c"}

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_signal_from_another_thread_wakes_who_waits() -> None:
    async def main() -> None:
        signals = Signals()
        waiting = asyncio.create_task(signals.wait_for("loop_blocked"))
        await asyncio.sleep(0)
        await asyncio.to_thread(signals.loop_blocked, "step 'a'", "a.py:1", 1)
        await waiting

    asyncio.run(asyncio.wait_for(main(), 60))


def test_what_no_signal_is_or_has_is_not_waited_for() -> None:
    signals = Signals()
    with pytest.raises(ValueError, match=r"'run_endet'; .*run_ended"):
        asyncio.run(signals.wait_for("run_endet"))
    with pytest.raises(ValueError, match="'run_ended' has no field 'run'; it has run_id, status"):
        signals.count("run_ended", run="a")
