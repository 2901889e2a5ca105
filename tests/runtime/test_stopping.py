"""A worker that stops while its runs go on."""

import asyncio

from outlast import App, RunStatus, step, workflow
from outlast.errors import NoAppError
from outlast.testing import Signals

gates: dict[str, asyncio.Event] = {}


@step(name="stopping.pass_gate")
async def pass_gate(name: str) -> str:
    await gates[name].wait()
    return name


@workflow(name="stopping.two_gates")
async def two_gates(first: str, second: str) -> str:
    return await pass_gate(first) + await pass_gate(second)


def test_a_run_whose_next_step_comes_while_the_worker_stops_is_handed_back() -> None:
    """Its step is not begun any more; it must not be suspended as if it waited for nothing."""

    async def main() -> None:
        signals = Signals()
        gates.update({name: asyncio.Event() for name in ("first", "second", "other")})
        async with App("memory://", instruments=[signals]) as app:
            run = await app.start(two_gates("first", "second"))
            other = await app.start(two_gates("other", "second"))
            await signals.wait_for("attempt_started", run_id=other.id)
            stopping = asyncio.create_task(app.stop("20s"))
            while not app.runtime.draining:
                await asyncio.sleep(0)
            gates["first"].set()
            await signals.wait_for("attempt_ended", run_id=run.id)
            await signals.wait_for_next("committed")
            gates["other"].set()
            await stopping
            info = await run.info()
            assert (info.status, info.due_at is None) == (RunStatus.PENDING, False)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_handle_says_that_its_app_is_closed() -> None:
    async def main() -> str:
        async with App("memory://", worker=False) as app:
            run = await app.start(two_gates("a", "b"))
        try:
            await run.cancel()
        except NoAppError as error:
            return error.what
        return ""

    assert asyncio.run(asyncio.wait_for(main(), 60)) == "Run.cancel()"


def test_a_start_that_waits_for_its_commit_hears_that_the_app_is_closed() -> None:
    async def main() -> object:
        async with App("memory://", worker=False) as app:
            starting = asyncio.create_task(app.start(two_gates("a", "b")))
            await asyncio.sleep(0)
            await app.runtime.close()
            answers = await asyncio.gather(starting, return_exceptions=True)
        return type(answers[0])

    assert asyncio.run(asyncio.wait_for(main(), 60)) is NoAppError
