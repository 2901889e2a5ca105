"""A pipeline: split, do the parts at once but never more than four, join.

Watch the counts. The parts are plain asyncio: a `Semaphore` bounds them, a `TaskGroup` waits for them. Kill it in the
middle and run it again: the parts that were done are not done again. After its end none is.

    $ python examples/pipeline_fanout.py
    11 parts, at most 4 at once
    the longest word is 'whatever', in part 9
    $ python examples/pipeline_fanout.py
    11 parts, at most 0 at once
    the longest word is 'whatever', in part 9
"""

import asyncio
from dataclasses import dataclass

from outlast import App, start, step, workflow

TEXT = """split the text into many small parts and look at each part
with a step of its own, never more than four at once, then join what came of the
fan-out in one last step and return it, whatever crashes in between"""


@dataclass
class Finding:
    """What is passed between steps may be a dataclass: it comes back as one."""

    part: int
    word: str


# How many parts are under way, and were at most: counted by the step, for the print at the end.
running, most = 0, 0


@step
def split(text: str, size: int) -> list[list[str]]:
    words = text.replace(",", "").split()
    return [words[at : at + size] for at in range(0, len(words), size)]


@step
async def longest(part: int, words: list[str]) -> Finding:
    global running, most
    running += 1
    most = max(most, running)
    await asyncio.sleep(0.02)
    running -= 1
    return Finding(part, max(words, key=len))


@step
def join(findings: list[Finding]) -> Finding:
    return max(findings, key=lambda finding: len(finding.word))


@workflow
async def pipeline(text: str) -> tuple[int, Finding]:
    parts = await split(text, 4)
    four = asyncio.Semaphore(4)

    async def bounded(part: int, words: list[str]) -> Finding:
        async with four:
            return await longest(part, words)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(bounded(part, words)) for part, words in enumerate(parts)]
    return len(parts), await join([task.result() for task in tasks])


async def main() -> None:
    async with App():
        run = await start(pipeline(TEXT), run_id="pipeline")
        parts, finding = await run.result()
        print(f"{parts} parts, at most {most} at once")
        print(f"the longest word is {finding.word!r}, in part {finding.part}")


if __name__ == "__main__":
    asyncio.run(main())
