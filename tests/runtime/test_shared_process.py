"""What others in the same process do must not reach a run."""

import asyncio
import threading

import pytest

from outlast import App, start, step, workflow
from outlast.errors import NoAppError
from outlast.instrument import Instrument


@step(name="shared_process.echo")
async def echo(text: str) -> str:
    return text


@workflow(name="shared_process.echoes")
async def echoes(text: str) -> str:
    return await echo(text)


class Raising(Instrument):
    """Does what the contract forbids."""

    def run_claimed(self, run_id: str, epoch: int) -> None:
        raise LookupError(run_id)

    def attempt_started(self, run_id: str, step_id: str, attempt: int) -> None:
        raise LookupError(step_id)


def test_an_instrument_that_raises_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> str:
        async with App("memory://", instruments=[Raising()]) as app:
            return await (await app.start(echoes("a"))).result("10s")

    assert asyncio.run(main()) == "a"
    assert [record.message for record in caplog.records] == ["an instrument has raised"] * 2


def test_start_takes_the_app_of_its_own_event_loop() -> None:
    opened, over = threading.Event(), threading.Event()

    async def hold() -> None:
        async with App("memory://"):
            opened.set()
            await asyncio.to_thread(over.wait, 10)

    async def main() -> str:
        async with App("memory://") as app:
            other = threading.Thread(target=asyncio.run, args=(hold(),))
            other.start()
            await asyncio.to_thread(opened.wait, 10)
            try:
                run = await start(echoes("here"))
                assert (await app.get_run(run.id).info()).id == run.id
                return await run.result("10s")
            finally:
                over.set()
                await asyncio.to_thread(other.join)

    assert asyncio.run(main()) == "here"


def test_start_on_a_loop_without_an_app() -> None:
    async def elsewhere() -> None:
        with pytest.raises(NoAppError):
            await start(echoes("there"))

    async def main() -> None:
        async with App("memory://", worker=False):
            await asyncio.to_thread(asyncio.run, elsewhere())

    asyncio.run(main())
