"""The door to a world through which all calls of one process go, and where faults strike."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from outlast.errors import WorldUnavailableError
from outlast.testing.faults import (
    Crash,
    Delay,
    Fault,
    LoseNews,
    Repeat,
    Stall,
    Unavailable,
    check_fault,
)

T = TypeVar("T")

Call = Callable[[], Awaitable[T]]


class Door:
    """Counts the calls, and carries out the plan of faults."""

    def __init__(self, url: str) -> None:
        self.calls: list[str] = []
        self.crashed = asyncio.Event()
        self.stalled = asyncio.Event()
        self._url = url
        self._armed: list[_Armed] = []
        self._lost_news = 0
        self._open = asyncio.Event()
        self._open.set()

    def inject(self, fault: Fault) -> None:
        """Arm a fault, counting from here. Raises `TypeError` or `ValueError` for one that would never strike."""
        check_fault(fault)
        if isinstance(fault, LoseNews):
            self._lost_news += fault.times
        else:
            self._armed.append(_Armed(fault))

    def shut(self) -> None:
        """Let no call through until it is opened."""
        self._open.clear()

    def open(self) -> None:
        """Let through what waits."""
        self._open.set()

    async def call(self, name: str, make: Call[T], again: Call[object] | None = None) -> T:
        """Make a call, as far as the faults let it. `again` does it a second time, for `Repeat`."""
        self.calls.append(name)
        struck = [armed.fault for armed in self._armed if armed.strikes(name)]
        for fault in struck:
            await self._before(fault)
        await self._pass()
        answer = await make()
        for fault in struck:
            await self._after(fault, again)
        await self._pass()
        return answer

    def loses_news(self) -> bool:
        """Whether a notice is to be lost; counts it."""
        if not self._lost_news:
            return False
        self._lost_news -= 1
        return True

    async def _before(self, fault: "CallFault") -> None:
        match fault:
            case Crash(when="before"):
                self.crashed.set()
            case Stall(when="before"):
                self._stall()
            case Unavailable(when="before"):
                raise WorldUnavailableError(self._url, "a fault was injected here")
            case Delay(turns=turns):
                for _ in range(turns):
                    await _next_turn()
            case _:
                pass

    async def _after(self, fault: "CallFault", again: Call[object] | None) -> None:
        match fault:
            case Crash(when="after"):
                self.crashed.set()
            case Stall(when="after"):
                self._stall()
            case Unavailable(when="after"):
                raise WorldUnavailableError(self._url, "its answer was lost by a fault")
            case Repeat() if again is not None:
                await again()
            case _:
                pass

    def _stall(self) -> None:
        self.stalled.set()
        self.shut()

    async def _pass(self) -> None:
        """Come through the door; or wait for ever, if the caller is a process that is no more."""
        await self._open.wait()
        if self.crashed.is_set():
            await asyncio.get_running_loop().create_future()


CallFault: TypeAlias = Crash | Stall | Unavailable | Delay | Repeat


class _Armed:
    """A fault that counts down to its call."""

    def __init__(self, fault: CallFault) -> None:
        self.fault = fault
        self._seen = 0

    def strikes(self, name: str) -> bool:
        """Whether it strikes this call; counts it."""
        if self.fault.of not in (None, name):
            return False
        self._seen += 1
        times = self.fault.times if isinstance(self.fault, Unavailable) else 1
        return self.fault.call <= self._seen < self.fault.call + times


async def _next_turn() -> None:
    """Let everything that is ready go first."""
    turned = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(_set, turned)
    await turned


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
