"""One question for all who ask PostgreSQL at the same time."""

import asyncio
from collections.abc import Sequence

import pytest

from outlast.testing.conformance import SettableClock
from outlast.worlds.postgres.gathering import Gathering


class Table:
    """Answers when it is let, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def read(self, names: Sequence[str]) -> dict[str, int]:
        self.asked.append(tuple(names))
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return {name: len(name) for name in names if name != "none"}


def test_who_asks_meanwhile_shares_the_next_question() -> None:
    async def main() -> tuple[list[int | None], list[tuple[str, ...]]]:
        table = Table()
        gathering = Gathering(table.read, SettableClock())
        first = asyncio.ensure_future(gathering.get("a"))
        while not table.asked:
            await asyncio.sleep(0)
        rest = [asyncio.ensure_future(gathering.get(name)) for name in ("bb", "none", "bb", "a")]
        gone = asyncio.ensure_future(gathering.get("gone"))
        await asyncio.sleep(0)
        gone.cancel()
        table.open.set()
        return await asyncio.gather(first, *rest), table.asked

    answers, asked = asyncio.run(main())
    assert answers == [1, 2, None, 2, 1]
    assert asked == [("a",), ("bb", "none", "a", "gone")]


def test_a_fault_is_told_to_all_and_the_next_may_ask_again() -> None:
    async def main() -> int | None:
        table = Table()
        table.error = LookupError("away")
        table.open.set()
        gathering = Gathering(table.read, SettableClock())
        answers = await asyncio.gather(
            gathering.get("a"), gathering.get("b"), return_exceptions=True
        )
        assert list(answers) == [table.error] * 2
        table.error = None
        return await gathering.get("a")

    assert asyncio.run(main()) == 1


def test_a_question_that_is_given_up_leaves_nobody_waiting() -> None:
    async def main() -> None:
        table = Table()
        gathering = Gathering(table.read, SettableClock())
        asking = asyncio.ensure_future(gathering.get("a"))
        while not table.asked:
            await asyncio.sleep(0)
        (reading,) = [
            one for one in asyncio.all_tasks() if one not in (asyncio.current_task(), asking)
        ]
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(main())
