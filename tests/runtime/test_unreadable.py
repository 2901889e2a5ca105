"""What cannot be fed blocks its run with a message; it stops nobody else."""

import asyncio
from typing import Any

import msgspec
import pytest

from outlast import App, Codec, RunCancelledError, sleep, step, workflow
from outlast.errors import RunBlockedError
from outlast.testing import Signals
from outlast.world import Append, EventDraft


@workflow(name="unreadable.sleeper")
async def sleeper() -> str:
    await sleep("1 day")
    return "rested"


async def append_of_the_future(app: App, run_id: str) -> None:
    draft = EventDraft("hook_received", b'{"kind":"hook_received"}')
    await app.runtime.append_durably(Append(run_id=run_id, events=(draft,)))


def test_an_event_of_a_newer_library_blocks_the_run() -> None:
    async def main() -> str:
        signals = Signals()
        async with App("memory://", instruments=[signals]) as app:
            run = await app.start(sleeper())
            await signals.wait_for("run_suspended", run_id=run.id)
            await append_of_the_future(app, run.id)
            with pytest.raises(RunBlockedError) as caught:
                await run.result("10s")
            await run.cancel()
            with pytest.raises(RunCancelledError):
                await run.result("10s")
            return str(caught.value)

    assert "hook_received" in asyncio.run(main())


class OddCodec(Codec):
    """Cannot read one value, and fails as no codec should."""

    def decode(self, payload: bytes | msgspec.Raw) -> Any:
        if bytes(payload) == b'"odd"':
            raise ZeroDivisionError("what an odd value may do")
        return super().decode(payload)


@step(name="unreadable.give")
async def give(value: str) -> str:
    return value


@workflow(name="unreadable.takes")
async def takes(value: str) -> str:
    return await give(value)


def test_an_unexpected_error_blocks_its_run_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> tuple[str, str]:
        async with App("memory://", codec=OddCodec()) as app:
            odd, fine = await app.start(takes("odd")), await app.start(takes("fine"))
            with pytest.raises(RunBlockedError) as caught:
                await odd.result("10s")
            return str(caught.value), await fine.result("10s")

    problem, result = asyncio.run(main())
    assert "ZeroDivisionError: what an odd value may do" in problem
    assert result == "fine"
    assert any(record.exc_info for record in caplog.records)
