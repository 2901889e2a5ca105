"""Handing payloads to hooks: written first, then given to the run, if that is live in this process."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from outlast._clock import Micros
from outlast._runtime.commits import Committer
from outlast.world import Deliver, Delivered, StoredEvent


class LiveRun(Protocol):
    """A run that gets payloads."""

    def hand(self, event: StoredEvent) -> bool:
        """Feed what is in the log by now; or tell that it has to be fetched."""
        ...

    def nudge(self) -> None:
        """There is something to fetch."""
        ...


class Deliveries:
    """The payloads that this process delivers."""

    def __init__(
        self, committer: Committer, live: Mapping[str, LiveRun], woke: Callable[[str], None]
    ) -> None:
        self._committer, self._live, self._woke = committer, live, woke
        self._handed: set[str] = set()
        """Live runs that were given what the last commit has put into their logs."""

    async def deliver(self, delivery: Deliver) -> Delivered:
        """Hand a payload to a hook. Durable on return, if it was delivered."""
        future: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()

        def done(answer: Delivered | Exception, at: Micros) -> None:
            if isinstance(answer, Exception):
                if not future.done():
                    future.set_exception(answer)
                return
            if not future.done():
                future.set_result(answer)
            self._hand(delivery, answer, at)

        self._committer.deliver(delivery, done)
        return await future

    def others(self, nudged: Sequence[str]) -> Sequence[str]:
        """Of the runs that a commit has nudged those that have not been given all that it has put into their
        logs."""
        handed, self._handed = self._handed, set()
        return [run_id for run_id in nudged if run_id not in handed]

    def _hand(self, delivery: Deliver, answer: Delivered, at: Micros) -> None:
        live = self._live.get(delivery.run_id)
        if live is None or answer.position is None:
            self._woke(delivery.run_id)
            return
        event = StoredEvent(answer.position, at, delivery.event.kind, delivery.event.data)
        if live.hand(event):
            self._handed.add(delivery.run_id)
        else:
            live.nudge()
