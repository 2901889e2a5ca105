"""A worker: claims due runs and dispatched steps for a runtime, and keeps hold of them."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias

from outlast._clock import SECOND, Micros, sleep_until
from outlast._ids import new_worker_id
from outlast._model.workers import WorkerRecord
from outlast._registry.manifest import make_manifest
from outlast._runtime.backoff import delay_after
from outlast._runtime.runtime import Runtime
from outlast._worker.manifests import keep_manifest
from outlast._worker.pruning import prune_for_ever
from outlast._worker.runs import RunClaims
from outlast._worker.sharing import Neighbours
from outlast._worker.steps import HeldSteps
from outlast._worker.watchdog import Watchdog
from outlast.errors import WorldError, WorldUnavailableError
from outlast.world import Claim, Heartbeat

RETRY_AFTER: Final[Micros] = SECOND // 2
TAKING: Final = 3
"""So many services take or hear of something new."""

Service: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

logger: Final = logging.getLogger("outlast")


class Worker:
    """Serves all workflows of the runtime's registry, and its steps that have a queue. `start`, then
    `stop`; stopping twice is fine.

    `failed` is done, with the error, if the world broke and the worker serves no more.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.id = new_worker_id()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._runtime = runtime
        self._neighbours = Neighbours(runtime)
        self._runs = RunClaims(runtime, self.id, self._neighbours, self._wait_for_world)
        self._steps = HeldSteps(runtime, self.id, self._neighbours)
        self._stopping = False
        self._away = False
        """Whether the world could not be used when a service last tried."""
        self._tasks: list[asyncio.Task[None]] = []
        self._watchdog = Watchdog(runtime.registry, runtime.observers)

    async def start(self) -> None:
        """Register, write the manifest, and serve."""
        runtime = self._runtime
        await runtime.world.claims.register(self._record())
        await self._publish_code()
        runtime.worker_id = self.id
        runtime.on_due, runtime.on_room = self._runs.alarm.ring_at, self._runs.alarm.ring
        runtime.claim_request, runtime.on_partial = self._runs.request, self._runs.take_over
        runtime.on_dispatched, runtime.on_withdrawn = self._steps.alarm.ring, self._steps.withdrawn
        runtime.on_broken, runtime.committer.on_unsure = self._break, self._runs.doubt
        await self._neighbours.look()
        self._tasks = [
            asyncio.create_task(self._service(serve), name=f"outlast {name}")
            for name, serve in self._services().items()
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
        runtime.drain()
        await self._end_tasks(self._tasks[:TAKING])
        await self._finish_attempts(runtime.options.grace if grace is None else grace)
        await self._hand_back()
        await self._end_tasks(self._tasks[TAKING:])
        try:
            await runtime.world.claims.unregister(self.id)
        except WorldUnavailableError as error:  # an outage: where it was met tells nothing more
            logger.warning("the worker could not unregister; its lease will end: %s", error)
        except WorldError as error:
            logger.warning("the worker could not unregister; its lease will end", exc_info=error)
        self._watchdog.stop()
        runtime.observers.worker_stopped(self.id)

    async def abandon(self) -> None:
        """Stop at once and hand nothing back: what a process leaves behind that dies. Idempotent."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        self._steps.drop()
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
        """Keep what this program has of its version, and free runs that were blocked by other code."""
        runtime = self._runtime
        now = runtime.clock.now()
        manifest = make_manifest(runtime.registry, runtime.version, now)
        await keep_manifest(runtime.world.listing, manifest)
        await runtime.world.claims.unblock(
            {entry.name: entry.digest for entry in manifest.entries if entry.kind == "workflow"}
        )

    # The services

    def _services(self) -> dict[str, Service]:
        """By name; first those that take or hear of something new, which a stopping worker ends first."""
        services: dict[str, Service] = {
            "claims": self._runs.serve,
            "step claims": self._steps.serve,
            "news": self._listening,
            "heartbeats": self._heartbeats,
            "upkeep": self._upkeep,
        }
        if (age := self._runtime.options.retention) is not None:
            services["pruning"] = lambda: prune_for_ever(self._runtime, age)
        return services

    async def _service(self, serve: Service) -> None:
        """Run a service for ever. While the world cannot be reached, try again; also after an error that nobody
        knows."""
        failures = 0
        while True:
            try:
                await serve()
            except WorldUnavailableError as error:
                await self._wait_for_world(error)
            except WorldError as error:
                self._break(error)
                return
            except Exception:  # a worker without one of its services would look well
                logger.exception("a service of the worker failed; it is tried again")
                clock = self._runtime.clock
                await sleep_until(clock, clock.now() + delay_after(failures))
                failures += 1

    async def _wait_for_world(self, error: WorldUnavailableError) -> None:
        clock = self._runtime.clock
        self._runtime.observers.commit_failed(error)
        if not self._away:  # once an outage, and not for each service that meets it
            logger.warning("the world cannot be used for now; trying again: %s", error)
        self._away = True
        await sleep_until(clock, clock.now() + RETRY_AFTER)

    def _is_back(self) -> None:
        if self._away:
            logger.warning("the world can be used again")
        self._away = False

    def _break(self, error: Exception) -> None:
        if not self.failed.done():
            logger.critical("the worker cannot go on", exc_info=error)
            self.failed.set_exception(error)
            self.failed.exception()  # seen: whether anybody serves is not known here

    async def _listening(self) -> None:
        """Hear of what other processes write: due runs, and news for live ones. It looks before it
        waits: when it begins anew, something may have come that it could not look at."""
        news = self._runtime.world.news
        while True:
            mark = news.mark()
            await self._look_around()
            await news.changed(mark)

    async def _look_around(self) -> None:
        self._runs.alarm.ring()
        self._steps.alarm.ring()
        self._runtime.nudge(await self._runtime.world.claims.nudged(self.id))
        await self._steps.look()

    async def _heartbeats(self) -> None:
        """Keep the leases; at once when it begins anew, as the last heartbeat may have failed. And look
        around, in case that news were lost."""
        while True:
            await self._runtime.world.claims.renew(self._heartbeat())
            await self._look_around()
            await self._neighbours.look()
            self._is_back()
            await self._pause(self._runtime.options.lease // 3)

    def _heartbeat(self) -> Heartbeat:
        """What this worker goes on to hold. What is not among it was lost on its way here, and is left to
        whoever takes it when its lease ends."""
        runtime = self._runtime
        return Heartbeat(
            claim=Claim(self.id, runtime.options.lease),
            runs=tuple(
                dict.fromkeys((*runtime.live, *runtime.awaking.run_ids, *self._runs.arriving))
            ),
            steps=tuple([step.key for step in self._steps]),
            attempts=runtime.options.max_steps - runtime.slots.free,
        )

    async def _upkeep(self) -> None:
        while True:
            if await self._runtime.world.claims.reap():
                self._runs.alarm.ring()
                self._steps.alarm.ring()
                await self._neighbours.look()
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
        tasks += self._steps.tasks()
        if tasks and grace > 0:
            await asyncio.wait(tasks, timeout=grace / SECOND)

    async def _hand_back(self) -> None:
        """Release what is live, as one batch, and wait until it is written. So are runs that are being created as
        claimed by this worker."""
        runtime = self._runtime
        self._steps.hand_back()
        for live in list(runtime.live.values()):
            live.release()
        deadline = runtime.clock.now() + runtime.options.grace
        while runtime.live or runtime.creating or self._steps:
            if runtime.clock.now() >= deadline:
                break
            self._runs.alarm.reset()
            await self._runs.alarm.wait(deadline, background=True)
        if (writing := runtime.committer.writing) is not None:  # it may take runs for this worker
            await asyncio.wait([writing], timeout=runtime.options.grace / SECOND)
