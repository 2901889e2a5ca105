"""The dispatched steps that a worker makes: of any run, from the queues that it serves."""

import asyncio
import logging
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final

from outlast._clock import Micros, holding
from outlast._runtime.dispatching import command_of
from outlast._runtime.runtime import Runtime
from outlast._worker.alarm import Alarm
from outlast._worker.held_step import HeldStep
from outlast._worker.sharing import Neighbours, Share
from outlast.errors import DecodeError, RecoveryLimitError
from outlast.world import Claim, ClaimedStep, StepRequest

logger: Final = logging.getLogger("outlast")


class HeldSteps:
    """Claims steps as there is room for attempts, and lets go of those that were withdrawn.

    Only steps whose definition has a queue are claimed: of any other one the worker that has the run
    makes the attempts.
    """

    def __init__(self, runtime: Runtime, worker_id: str, neighbours: Neighbours) -> None:
        self.alarm = Alarm(runtime.clock)
        self._runtime, self._worker_id = runtime, worker_id
        self._share = Share(neighbours)
        self._held: dict[str, dict[str, HeldStep]] = {}
        """By run, then by the step's id."""
        self._waits_for_room = False

    def __iter__(self) -> Iterator[HeldStep]:
        return iter(list(chain.from_iterable(steps.values() for steps in self._held.values())))

    def __bool__(self) -> bool:
        return bool(self._held)

    def tasks(self) -> list[asyncio.Task[None]]:
        """The attempts that are under way."""
        return [step.task for step in self if step.task is not None and not step.task.done()]

    async def serve(self) -> None:
        """Claim and begin steps, for ever."""
        while True:
            self.alarm.reset()
            names = self._runtime.registry.dispatched_steps()
            if not names:
                await self.alarm.wait()
            elif not await self._claim(names):
                await self._wait_for_due(names)

    async def look(self) -> None:
        """Let go of what was withdrawn by a worker elsewhere."""
        working = [step for step in self if not step.decided]
        if not working:
            return
        held = await self._runtime.world.steps.held(self._worker_id)
        for step in working:
            # If it was decided meanwhile it is not held because of that; else its writing is refused.
            if step.key not in held and not step.decided:
                step.drop()

    def withdrawn(self, run_id: str, refs: Collection[str] | None) -> None:
        """Let go of what this process itself has withdrawn; without `refs`, all steps of the run."""
        steps = self._held.get(run_id, {})
        for ref in list(steps) if refs is None else refs:
            if ref in steps:
                steps[ref].drop()

    def hand_back(self) -> None:
        """Give to other workers what is not decided yet."""
        for step in self:
            step.hand_back()

    def drop(self) -> None:
        """Stop all attempts, and write nothing."""
        for step in self:
            step.drop()

    async def _claim(self, names: frozenset[str]) -> bool:
        """Claim once. True if there may be more, and room for it."""
        runtime = self._runtime
        held = runtime.options.max_steps - runtime.slots.free
        await self._share.give_way(held, runtime.clock)
        limit = self._share.limit(self._room())
        if not limit:
            return False
        request = StepRequest(
            claim=Claim(self._worker_id, runtime.options.lease),
            steps=names,
            queues=runtime.options.queues,
            limit=limit,
        )
        with holding(runtime.clock):
            began = runtime.clock.now()
            claimed = await runtime.world.steps.claim(request)
            if claimed and runtime.observers.tracer is not None:
                runtime.observers.tracer.claimed("steps", len(claimed), began)
            for one in claimed:
                self._take(one)
        return await self._share.took(len(claimed), limit, held=held)

    def _room(self) -> int:
        """For how many attempts there is room. If for none, the alarm rings once there is."""
        room = self._runtime.slots.free
        if not room and not self._waits_for_room:
            self._waits_for_room = True
            self._runtime.slots.enter(self._there_is_room)
        return room

    def _there_is_room(self) -> bool:
        self._waits_for_room = False
        self.alarm.ring()
        return False  # the room is taken when a step has been claimed

    async def _wait_for_due(self, names: frozenset[str]) -> None:
        if self._waits_for_room:
            await self.alarm.wait()
            return
        runtime = self._runtime
        await self.alarm.wait(await runtime.world.steps.next_due(names, runtime.options.queues))

    def _take(self, claimed: ClaimedStep) -> None:
        runtime, key = self._runtime, claimed.key
        definition = runtime.registry.step(claimed.name)
        assert definition is not None  # noqa: S101 - its name was among those asked for
        try:
            command = command_of(claimed, definition)
        except DecodeError:
            # A newer version may have written it. Heartbeats do not name it, so its lease ends by itself.
            logger.exception("the dispatched step %s of run %s is left", key.ref, key.run_id)
            return
        if (stale := self._held.get(key.run_id, {}).get(key.ref)) is not None:
            stale.drop()  # its lease had ended, and this worker has claimed it anew
        step = HeldStep(runtime, claimed, command, self._leave, worker=self._worker_id)
        self._held.setdefault(key.run_id, {})[key.ref] = step
        if claimed.recoveries >= runtime.options.recovery_limit:
            step.fail(RecoveryLimitError(key.run_id, claimed.recoveries, step=claimed.name))
        else:
            step.begin()

    def _leave(self, step: HeldStep, again_at: Micros | None) -> None:
        """The worker holds the step no more."""
        steps = self._held.get(step.id, {})
        if steps.get(step.key.ref) is step:
            del steps[step.key.ref]
            if not steps:
                del self._held[step.id]
        if again_at is not None:
            self.alarm.ring_at(again_at)
        if self._runtime.draining:
            self._runtime.on_room()
