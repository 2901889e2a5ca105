"""What all processes of a command use together. Where a kernel has no limits for that, somebody must look."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from examples.coding_agent.sandbox.folder import DEEPEST, Folder
from examples.coding_agent.sandbox.limits import MB, Limits

EVERY: Final = 0.05
"""Seconds between two looks."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_CPU: Final = slice(11, 15)  # of /proc/PID/stat, behind the name: its own and its dead children's
_RESIDENT: Final = 21


async def watch(process_id: int, folder: Folder, limits: Limits) -> str:
    """Look at a process and all below it until a limit is passed. Gives which one.

    In a folder that is too full when the command begins, it may remove files, and not add to them.
    """
    await asyncio.to_thread(folder.cut)
    begun = await asyncio.to_thread(folder.usage)
    most, most_entries = max(begun.size, limits.total_size), max(begun.entries, limits.files)
    while True:
        memory, cpu = _used(process_id)
        if memory > limits.memory:
            return f"memory: more than {limits.memory // MB} MB"
        if cpu > limits.cpu_seconds:
            return f"CPU: more than {limits.cpu_seconds} s"
        used = await asyncio.to_thread(folder.usage)
        if used.size > most:
            return f"disk: more than {limits.total_size // MB} MB in all files"
        if used.entries > most_entries:
            return f"disk: more than {limits.files} files"
        if used.too_deep:
            return f"disk: folders more than {DEEPEST} deep"
        await asyncio.sleep(EVERY)


def _used(process_id: int) -> tuple[int, float]:
    """Bytes of memory, and seconds of CPU."""
    memory, ticks = 0, 0
    for one in _family(process_id):
        try:
            stat = Path(f"/proc/{one}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has ended
        fields = stat.rpartition(")")[2].split()
        memory += int(fields[_RESIDENT]) * _PAGE
        ticks += sum(map(int, fields[_CPU]))
    return memory, ticks / _TICKS


def _family(process_id: int) -> Iterator[int]:
    """A process and all below it. Orphans are taken in by the first process of the sandbox, so none is missed for long."""
    waiting = [process_id]
    while waiting:
        yield (current := waiting.pop())
        for children in _children_of(current):
            waiting += map(int, children.split())


def _children_of(process_id: int) -> Iterator[str]:
    """By thread, as the kernel lists them."""
    try:
        for task in Path(f"/proc/{process_id}/task").iterdir():
            yield (task / "children").read_text(encoding="ascii")
    except OSError:
        return  # it has ended
