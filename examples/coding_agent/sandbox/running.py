"""Executing one command: its output, its end, and the end of whatever it has started."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

from examples.coding_agent.sandbox.folder import Folder
from examples.coding_agent.sandbox.limits import Limits
from examples.coding_agent.sandbox.protocol import Finished, Progress
from examples.coding_agent.sandbox.watching import watch

TELL_EVERY: Final = 0.2
"""Seconds between two messages about the output."""
_DYING: Final = 10.0
"""Seconds that the kernel may take to end processes."""


class Output:
    """What was printed: the beginning and the end, if it is too long."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._head, self._tail, self._cut = bytearray(), bytearray(), 0
        self.total = 0

    def add(self, data: bytes) -> None:
        """Some more of it."""
        self.total += len(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[max(room, 0) :]
        if (over := len(self._tail) - self._half) > 0:
            del self._tail[:over]
            self._cut += over

    def text(self) -> str:
        """As text, whatever it is."""
        if not self._cut:
            return (self._head + self._tail).decode(errors="replace")
        head, tail = self._head.decode(errors="replace"), self._tail.decode(errors="replace")
        return f"{head}\n[{self._cut:,} bytes left out]\n{tail}"


async def run_to_end(
    command: Sequence[str], folder: Folder, limits: Limits, progress: Progress | None
) -> Finished:
    """Execute it within the limits.

    The command is that of bubblewrap, whose first process inside takes all others with it when it dies. It dies with
    bubblewrap, and that with the thread that has started it: so also when this process is killed.
    """
    process, first = await _started(command)
    output = Output(limits.output)
    reading = asyncio.ensure_future(_read(process, output))
    try:
        killed = await _first(
            reading,
            watch(process.pid, folder, limits),
            _tell(output, progress),
            seconds=limits.seconds,
        )
    finally:
        _kill(process)
        # To the end, for the exit of a process is told behind its output.
        await asyncio.shield(asyncio.gather(reading, first.gone()))
    return Finished(exit=_status(process.returncode), text=output.text(), killed=killed)


async def _started(command: Sequence[str]) -> tuple[Process, "FirstProcess"]:
    """Start bubblewrap, and learn from it which the first process of the sandbox is."""
    program, *arguments = command
    reading, writing = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *(program, "--info-fd", str(writing), *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
            env={},
            pass_fds=(writing,),
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    try:
        told = await asyncio.to_thread(_whole, reading)
    except asyncio.CancelledError:
        _kill(process)  # which ends the reading too
        raise
    return process, FirstProcess(json.loads(told)["child-pid"] if told else None)


def _whole(descriptor: int) -> bytes:
    """What comes from a pipe, to its end."""
    with os.fdopen(descriptor, "rb") as pipe:
        return pipe.read()


class FirstProcess:
    """The first process of a sandbox, which ends when all others there have. Bubblewrap does not wait for that."""

    def __init__(self, process_id: int | None) -> None:
        self._descriptor: int | None = None
        with suppress(ProcessLookupError):
            self._descriptor = None if process_id is None else os.pidfd_open(process_id)

    async def gone(self) -> None:
        """Wait for its end."""
        if self._descriptor is None:
            return
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._descriptor, ended.set)
        try:
            await asyncio.wait_for(ended.wait(), _DYING)
        finally:
            loop.remove_reader(self._descriptor)
            os.close(self._descriptor)


async def _first(
    reading: "asyncio.Future[None]",
    watching: Coroutine[None, None, str],
    telling: Coroutine[None, None, None],
    *,
    seconds: float,
) -> str | None:
    """Wait for the end of the output. Gives the limit that comes before."""
    looking, talking = asyncio.ensure_future(watching), asyncio.ensure_future(telling)
    all_three: set[asyncio.Future[Any]] = {reading, looking, talking}
    try:
        await asyncio.wait(all_three, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            return None
        if talking.done():
            talking.result()  # nobody can be told any more: the reason counts
        return looking.result() if looking.done() else f"time: more than {seconds:g} s"
    finally:
        looking.cancel()
        talking.cancel()
        await asyncio.gather(looking, talking, return_exceptions=True)


async def _read(process: Process, output: Output) -> None:
    if process.stdout is not None:
        while data := await process.stdout.read(65_536):
            output.add(data)
    await process.wait()


async def _tell(output: Output, progress: Progress | None) -> None:
    told = 0
    while True:
        await asyncio.sleep(TELL_EVERY)
        if progress is not None and output.total != told:
            told = output.total
            await progress(output.text())


def _kill(process: Process) -> None:
    """End it, if it has not ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _status(code: int | None) -> int:
    if code is None:
        return -1
    return 128 - code if code < 0 else code
