"""A commit that the world refuses for good takes down the part that is at fault, and nothing else."""

import asyncio
from functools import partial

from outlast._runtime.commits import Committer
from outlast._runtime.observers import Observers
from outlast.errors import WorldCorruptError
from outlast.testing import SkippingClock
from outlast.world import Batch, Created, EventDraft, EventLog, Receipt, RunDraft, StoredEvent
from outlast.worlds.memory import MemoryWorld


class PickyLog:
    """Refuses whatever the run `bad` is part of."""

    def __init__(self, log: EventLog, error: Exception) -> None:
        self.batches: list[int] = []
        self._log, self._error = log, error

    async def commit(self, batch: Batch) -> Receipt:
        self.batches.append(len(batch.creates))
        if any(draft.id == "bad" for draft in batch.creates):
            raise self._error
        return await self._log.commit(batch)

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        return await self._log.read(run_id, after=after, limit=limit)


def draft(run_id: str) -> RunDraft:
    return RunDraft(
        id=run_id,
        workflow="refused.flow",
        version="1",
        queue="default",
        priority=0,
        attributes={},
        delay=0,
        created=EventDraft("run_created", b"{}"),
    )


async def create(error: Exception) -> tuple[dict[str, object], list[int], list[Exception]]:
    """What becomes of three runs that go as one batch; the sizes of all batches; what was broken."""
    clock = SkippingClock()
    world = MemoryWorld(clock)
    answers: dict[str, object] = {}
    broken: list[Exception] = []
    done = asyncio.Event()

    def answered(run_id: str, answer: Created | Exception, _at: int) -> None:
        answers[run_id] = answer
        if len(answers) == 3:
            done.set()

    async with world.opened():
        log = PickyLog(world.log, error)
        committer = Committer(
            log,
            clock,
            Observers(()),
            claim=lambda: None,
            on_claimed=lambda _: None,
            on_nudged=lambda _: None,
            on_broken=broken.append,
        )
        for run_id in ("good", "bad", "fine"):
            committer.create(draft(run_id), partial(answered, run_id))
        await asyncio.wait_for(done.wait(), 60)
        await committer.close()
        return answers, log.batches, broken


def test_the_other_parts_of_the_batch_are_written() -> None:
    error = ValueError("no")
    answers, batches, broken = asyncio.run(create(error))
    assert answers == {
        "good": Created("good", new=True),
        "bad": error,
        "fine": Created("fine", new=True),
    }
    assert batches == [3, 1, 1, 1]
    assert broken == []


def test_a_broken_world_is_not_asked_again() -> None:
    error = WorldCorruptError("memory://", "odd", hint="")
    answers, batches, broken = asyncio.run(create(error))
    assert set(answers.values()) == {error}
    assert batches == [3]
    assert broken == [error]
