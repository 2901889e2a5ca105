"""Law 6 among real processes: whoever writes is killed in the middle of it."""

import asyncio
from pathlib import Path

from outlast import App, Run
from outlast.streams import Rewind
from tests.laws.programs.flows import streams
from tests.laws.test_processes import Worker, scenario

COUNT = 3_000
NUMBERS = list(range(COUNT))


def test_a_writer_that_is_killed_streams_once(tmp_path: Path) -> None:
    async def play(app: App) -> None:
        run = await app.start(streams())
        asked = asyncio.create_task(with_markers(run))
        async with Worker(tmp_path) as doomed:
            await doomed.tells("stream is half way")
            await reads(run, COUNT + 5)  # what is to be taken back is there
            await doomed.kill()
        async with Worker(tmp_path):
            assert await run.result("30s") == 2
        numbers, rewinds = await asked
        assert numbers == NUMBERS
        assert rewinds <= 1
        assert [one async for one in run.stream("numbers")] == NUMBERS
        for start in (1, COUNT // 2, COUNT - 1, COUNT):
            assert [one async for one in run.stream("numbers", start)] == NUMBERS[start:]

    scenario(tmp_path, play)


async def reads(run: Run[int], count: int) -> None:
    """Return when so many chunks are there."""
    left = count
    async for _ in run.stream("numbers"):
        left -= 1
        if not left:
            return


async def with_markers(run: Run[int]) -> tuple[list[int], int]:
    """The numbers that count, and how often some were taken back."""
    numbers: list[int] = []
    rewinds = 0
    async for number in run.stream("numbers", type=int, markers=True):
        if isinstance(number, Rewind):
            rewinds += 1
            del numbers[number.to_index :]
        else:
            numbers.append(number)
    return numbers, rewinds
