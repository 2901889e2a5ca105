"""The worker processes: started, killed, paused, replaced, and ended whatever happens."""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from chaos.flows import FAR, REMOTE
from chaos.worker import Orders

ROOT: Final = Path(__file__).parent.parent
PATIENCE: Final = 20.0
"""Seconds in which a worker that was asked to stop must have stopped."""
QUEUES: Final = (("default",), ("default", REMOTE, FAR), (REMOTE, FAR))
LAST_LINES: Final = 30


class Crew:
    """So many workers. Which queues one serves depends on its place."""

    def __init__(
        self, url: str, folder: Path, *, size: int, lease: float, plant: str | None
    ) -> None:
        self.problems: list[str] = []
        """Workers that ended, or did not, by themselves."""
        self._url, self._folder, self._lease, self._plant = url, folder, lease, plant
        self._members: list[_Member | None] = [None] * size
        self._numbers = itertools.count()

    @asynccontextmanager
    async def working(self) -> AsyncGenerator["Crew"]:
        """All work; at the end of the block all that are left are killed."""
        try:
            for place in range(len(self._members)):
                await self._hire(place)
            yield self
        finally:
            for member in filter(None, self._members):
                await member.kill()

    async def kill(self, whom: float, missing: float) -> None:
        """Kill one, and replace it after a while."""
        place = int(whom * len(self._members))
        member, self._members[place] = self._members[place], None
        if member is None:  # it was killed a moment ago, and its successor is not there yet
            return
        self._look_at(member)
        await member.kill()
        await asyncio.sleep(missing)
        await self._hire(place)

    async def pause(self, whom: float, lasting: float) -> None:
        """Let one stand still for a while."""
        member = self._members[int(whom * len(self._members))]
        if member is None:
            return
        member.send(signal.SIGSTOP)
        await asyncio.sleep(lasting)
        member.send(signal.SIGCONT)

    async def stop(self) -> None:
        """Ask all to stop, and wait until they have. Who has not, or did so before, is a problem."""
        for member in filter(None, self._members):
            self._look_at(member)
        members = [one for one in self._members if one is not None and one.code is None]
        for member in members:
            member.send(signal.SIGTERM)
        for member in members:
            if not await member.ends_within(PATIENCE):
                self.problems.append(f"{member.name} did not stop when it was asked to")
            elif member.code:
                self.problems.append(f"{member.name} stopped with {member.code}:\n{member.said()}")
        self._members = [None] * len(self._members)

    async def _hire(self, place: int) -> None:
        name = f"worker-{place}-{next(self._numbers)}"
        orders = Orders(
            url=self._url,
            witness=str(self._folder / f"{name}.witness"),
            queues=_queues(place, len(self._members)),
            lease=self._lease,
            plant=self._plant,
        )
        self._members[place] = await _Member.start(name, self._folder, orders)

    def _look_at(self, member: "_Member") -> None:
        """A worker that has ended by itself is a fault of the library, not one of ours."""
        if member.code is not None:
            self.problems.append(
                f"{member.name} ended by itself with {member.code}:\n{member.said()}"
            )


def _queues(place: int, size: int) -> tuple[str, ...]:
    """Of three or more workers two have the runs, and two the dispatched steps."""
    return QUEUES[place % 3] if size > 2 else QUEUES[1]


class _Member:
    """One process."""

    def __init__(self, name: str, log: Path, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._log, self._process = log, process

    @classmethod
    async def start(cls, name: str, folder: Path, orders: Orders) -> "_Member":
        log = folder / f"{name}.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "chaos.worker",
                msgspec.json.encode(orders).decode(),
                cwd=ROOT,
                env={**os.environ, "OUTLAST_VERSION": "chaos"},
                stdin=asyncio.subprocess.PIPE,
                stdout=file,
                stderr=file,
            )
        return cls(name, log, process)

    @property
    def code(self) -> int | None:
        """What it ended with; `None` while it runs."""
        return self._process.returncode

    def send(self, what: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.code is None:
            self._process.send_signal(what)

    async def kill(self) -> None:
        """Kill it, if it still runs; return when it is dead."""
        self.send(signal.SIGKILL)
        await self._process.wait()

    async def ends_within(self, seconds: float) -> bool:
        """Wait for its end; if that does not come, kill it."""
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            await self.kill()
            return False
        return True

    def said(self) -> str:
        """The last that it said."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-LAST_LINES:])
