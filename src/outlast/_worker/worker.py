"""A worker: claims due runs for a runtime and keeps hold of them."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Final

from outlast._clock import SECOND, Micros, holding, sleep_until
from outlast._ids import new_worker_id
from outlast._model.workers import WorkerRecord
from outlast._registry.manifest import encode_manifest, make_manifest, source_digest
from outlast._runtime.runtime import Runtime
from outlast._worker.watchdog import Watchdog
from outlast.errors import WorldError, WorldUnavailableError
from outlast.world import Claim, ClaimedRun, ClaimRequest, Heartbeat, StoredEvent

CLAIM_LIMIT: Final = 200
RETRY_AFTER: Final[Micros] = SECOND // 2

logger: Final = logging.getLogger("outlast")


class Worker:
    """Serves all workflows of the runtime's registry. `start`, then `stop`; stopping twice is fine.

    `failed` is done, with the error, if the world broke and the worker serves no more.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.id = new_worker_id()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._runtime = runtime
        self._due = asyncio.Event()
        self._next_due: Micros | None = None
        self._stopping = False
        self._arriving: tuple[str, ...] = ()
        """The runs of the last claim: until they are adopted nobody else knows of them."""
        self._tasks: list[asyncio.Task[None]] = []
        self._watchdog = Watchdog(runtime.registry, runtime.observers)

    async def start(self) -> None:
        """Register, write the manifest, and serve."""
        runtime = self._runtime
        await runtime.world.claims.register(self._record())
        await self._publish_code()
        runtime.worker_id = self.id
        runtime.on_due, runtime.on_room = self._look_at, self._due.set
        runtime.on_broken = self._break
        self._tasks = [
            asyncio.create_task(self._service(serve), name=f"outlast {serve.__name__}")
            for serve in (self._claiming, self._listening, self._heartbeats, self._upkeep)
        ]
        self._watchdog.start()
        runtime.observers.worker_started(self.id)

    async def stop(self, grace: Micros | None = None) -> None:
        """Claim nothing more, let attempts in flight finish within the grace period, hand back what is
        still live, and unregister. Idempotent."""
        if self._stopping:
            return
        self._stopping = True
        runtime = self._runtime
        runtime.worker_id = None
        runtime.draining = True
        await self._end_tasks(self._tasks[:2])
        await self._finish_attempts(runtime.options.grace if grace is None else grace)
        await self._hand_back()
        await self._end_tasks(self._tasks[2:])
        runtime.on_due, runtime.on_room = lambda _when: None, lambda: None
        try:
            await runtime.world.claims.unregister(self.id)
        except WorldError as error:
            logger.warning("the worker could not unregister; its lease will end", exc_info=error)
        self._watchdog.stop()
        runtime.observers.worker_stopped(self.id)

    async def abandon(self) -> None:
        """Stop at once and hand nothing back: what a process leaves behind that dies. Idempotent."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await self._runtime.close()
        await self._end_tasks(self._tasks)
        self._watchdog.stop()

    def _record(self) -> WorkerRecord:
        now = self._runtime.clock.now()
        return WorkerRecord(
            id=self.id,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=self._runtime.version,
            queues=self._runtime.options.queues,
            started_at=now,
            heartbeat_at=now,
        )

    async def _publish_code(self) -> None:
        """Keep the manifest of this version, and free runs that were blocked by other code."""
        runtime = self._runtime
        now = runtime.clock.now()
        manifest = make_manifest(runtime.registry, runtime.version, now)
        await runtime.world.listing.save_manifest(runtime.version, now, encode_manifest(manifest))
        for definition in runtime.registry.workflows.values():
            await runtime.world.claims.unblock(definition.name, source_digest(definition))

    # The services

    async def _service(self, serve: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a service for ever. While the world cannot be reached, try again."""
        while True:
            try:
                await serve()
            except WorldUnavailableError as error:
                await self._wait_for_world(error)
            except WorldError as error:
                self._break(error)
                return

    async def _wait_for_world(self, error: WorldUnavailableError) -> None:
        clock = self._runtime.clock
        self._runtime.observers.commit_failed(error)
        logger.warning("the world cannot be used for now", exc_info=error)
        await sleep_until(clock, clock.now() + RETRY_AFTER)

    def _break(self, error: Exception) -> None:
        if not self.failed.done():
            logger.critical("the worker cannot go on", exc_info=error)
            self.failed.set_exception(error)
            self.failed.exception()  # seen: whether anybody serves is not known here

    async def _claiming(self) -> None:
        while True:
            self._due.clear()
            self._next_due = None
            if not await self._claim_all():
                await self._wait_for_due()

    async def _claim_all(self) -> bool:
        """Claim once. True if there may be more, and room for it."""
        runtime = self._runtime
        self._arriving = ()
        limit = min(CLAIM_LIMIT, runtime.options.max_live_runs - len(runtime.live))
        if limit <= 0:
            return False
        request = ClaimRequest(
            claim=Claim(self.id, runtime.options.lease),
            workflows=frozenset(runtime.registry.workflows),
            queues=runtime.options.queues,
            limit=limit,
        )
        with holding(runtime.clock):
            claimed = await runtime.world.claims.claim(request)
            self._arriving = tuple([one.run.id for one in claimed])
            runtime.expect(self._arriving)
        for one in claimed:
            runtime.call_soon(runtime.adopt, one, await self._whole_log(one))
        return len(claimed) == limit

    async def _whole_log(self, claimed: ClaimedRun) -> tuple[StoredEvent, ...]:
        log = claimed.events
        while len(log) < claimed.run.position:
            more = await self._read(claimed.run.id, len(log))
            if not more:
                break
            log += more
        return log

    async def _read(self, run_id: str, after: int) -> tuple[StoredEvent, ...]:
        """Read, and do not give up: the run is ours by now, and nobody else will take it up."""
        while True:
            try:
                with holding(self._runtime.clock):
                    return await self._runtime.world.log.read(run_id, after=after)
            except WorldUnavailableError as error:
                await self._wait_for_world(error)

    async def _wait_for_due(self) -> None:
        runtime = self._runtime
        if len(runtime.live) >= runtime.options.max_live_runs:
            await self._due.wait()
            return
        due = await runtime.world.claims.next_due(
            frozenset(runtime.registry.workflows), runtime.options.queues
        )
        times = [when for when in (due, self._next_due) if when is not None]
        if not times:
            await self._due.wait()
            return
        timer = runtime.clock.call_at(min(times), self._due.set)
        try:
            await self._due.wait()
        finally:
            timer.cancel()

    def _look_at(self, when: Micros | None) -> None:
        """A run becomes due at that time, or is due now."""
        if when is None or when <= self._runtime.clock.now():
            self._due.set()
        elif self._next_due is None or when < self._next_due:
            self._next_due = when
            self._due.set()

    async def _listening(self) -> None:
        """Hear of what other processes write: due runs, and news for live ones. It looks before it
        waits: when it begins anew, something may have come that it could not look at."""
        news = self._runtime.world.news
        while True:
            mark = news.mark()
            await self._look_around()
            await news.changed(mark)

    async def _look_around(self) -> None:
        self._due.set()
        self._runtime.nudge(await self._runtime.world.claims.nudged(self.id))

    async def _heartbeats(self) -> None:
        """Keep the leases; at once when it begins anew, as the last heartbeat may have failed. And look
        around, in case that news were lost."""
        while True:
            await self._runtime.world.claims.renew(self._heartbeat())
            await self._look_around()
            await self._pause(self._runtime.options.lease // 3)

    def _heartbeat(self) -> Heartbeat:
        """What this worker goes on to hold. A run that is not among it was lost on its way here, and is
        left to whoever takes it when its lease ends."""
        runtime = self._runtime
        return Heartbeat(
            claim=Claim(self.id, runtime.options.lease),
            runs=tuple(dict.fromkeys((*runtime.live, *self._arriving))),
            attempts=sum(len(live.attempts.tasks()) for live in runtime.live.values()),
        )

    async def _upkeep(self) -> None:
        while True:
            if await self._runtime.world.claims.reap():
                self._due.set()
            await self._pause(self._runtime.options.upkeep)

    async def _pause(self, length: Micros) -> None:
        clock = self._runtime.clock
        await sleep_until(clock, clock.now() + length, background=True)

    # Stopping

    async def _end_tasks(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _finish_attempts(self, grace: Micros) -> None:
        tasks = [task for live in self._runtime.live.values() for task in live.attempts.tasks()]
        if tasks and grace > 0:
            await asyncio.wait(tasks, timeout=grace / SECOND)

    async def _hand_back(self) -> None:
        """Release what is live, as one batch, and wait until it is written."""
        runtime = self._runtime
        for live in list(runtime.live.values()):
            live.release()
        deadline = runtime.clock.now() + runtime.options.grace
        while runtime.live and runtime.clock.now() < deadline:
            self._due.clear()
            timer = runtime.clock.call_at(deadline, self._due.set, background=True)
            await self._due.wait()
            timer.cancel()
