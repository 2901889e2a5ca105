"""While the world writes a batch, what came of the one before is taken; and nobody hears anything out of turn."""

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial

from outlast._runtime.answers import AT_ONCE
from outlast._runtime.commits import MAX_BATCH, Committer
from outlast._runtime.observers import Observers
from outlast.testing import SkippingClock
from outlast.world import (
    Advance,
    Advanced,
    Batch,
    Created,
    EventDraft,
    EventLog,
    Receipt,
    RunDraft,
    StoredEvent,
)
from outlast.worlds.memory import MemoryWorld


class Told:
    """What happens, in its order: `wrote 500` for a batch, and the names of those who heard of theirs."""

    def __init__(self, log: EventLog) -> None:
        self.order: list[str] = []
        self._log = log

    def commit(self, batch: Batch) -> Awaitable[Receipt]:
        self.order.append(f"wrote {len(batch.creates)}")
        return self._later(batch)

    async def _later(self, batch: Batch) -> Receipt:
        """As on a disk, which does not answer at once."""
        await asyncio.sleep(0)
        return await self._log.commit(batch)

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        return await self._log.read(run_id, after=after, limit=limit)


class Busy:
    """A live run whose last advance is on its way: it has nothing to write until it hears of it."""

    def __init__(self) -> None:
        self.asked = False

    def take_advance(self) -> Advance | None:
        self.asked = True
        return None

    def advanced(self, answer: Advanced, at: int) -> None:
        raise AssertionError

    def abandoned(self, error: Exception) -> None:
        raise AssertionError


async def _create(count: int, busy: Sequence[Busy] = ()) -> list[str]:
    clock = SkippingClock()
    world = MemoryWorld(clock)
    done = asyncio.Event()
    async with world.opened():
        told = Told(world.log)

        def answered(name: str, answer: Created | Exception, _at: int) -> None:
            assert isinstance(answer, Created)
            told.order.append(name)
            if name == str(count - 1):
                done.set()

        committer = Committer(
            told,
            clock,
            Observers(()),
            claim=lambda: None,
            on_claimed=lambda _: None,
            on_nudged=lambda _: None,
            on_broken=lambda error: None,
        )
        for run in busy:
            committer.advance(run)
        for number in range(count):
            committer.create(_draft(str(number)), partial(answered, str(number)))
        await asyncio.wait_for(done.wait(), 60)
        await committer.close()
        return told.order


def _draft(run_id: str) -> RunDraft:
    return RunDraft(
        id=run_id,
        workflow="ordered.flow",
        version="1",
        queue="default",
        priority=0,
        attributes={},
        delay=0,
        created=EventDraft("run_created", b"{}"),
    )


def test_the_next_batch_goes_before_the_answers_of_the_last_are_told() -> None:
    order = asyncio.run(_create(MAX_BATCH + AT_ONCE))
    assert order[:3] == [f"wrote {MAX_BATCH}", f"wrote {AT_ONCE}", "0"]


def test_few_wait_for_what_comes_of_the_answers() -> None:
    order = asyncio.run(_create(MAX_BATCH + 1))
    assert order.index("wrote 1") > order.index(str(AT_ONCE - 1))


def test_everybody_hears_in_the_order_in_which_it_was_asked() -> None:
    count = 2 * MAX_BATCH + 7
    told = [one for one in asyncio.run(_create(count)) if not one.startswith("wrote")]
    assert told == [str(number) for number in range(count)]


def test_runs_that_have_nothing_to_write_yet_keep_nobody_waiting() -> None:
    busy = [Busy() for _ in range(2 * MAX_BATCH)]
    asyncio.run(_create(1, busy))
    assert all(run.asked for run in busy)
