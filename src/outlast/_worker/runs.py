"""Claiming runs: as many as there is room for, and as are this worker's share."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from outlast._clock import holding
from outlast._model.runs import RunRecord, RunStatus
from outlast._runtime.runtime import Runtime
from outlast._worker.alarm import Alarm
from outlast._worker.sharing import Neighbours, Share
from outlast.errors import WorldUnavailableError
from outlast.world import Claim, ClaimedRun, ClaimRequest, StoredEvent

Unavailable = Callable[[WorldUnavailableError], Awaitable[None]]


class RunClaims:
    """Takes due runs and brings them to life. Runs of workflows that are not known here are left alone."""

    def __init__(
        self,
        runtime: Runtime,
        worker_id: str,
        neighbours: Neighbours,
        wait_for_world: Unavailable,
    ) -> None:
        self.alarm = Alarm(runtime.clock)
        self.arriving: tuple[str, ...] = ()
        """The runs of the last claim: until they are adopted nobody else knows of them."""
        self._partial: list[ClaimedRun] = []
        """Runs that a commit has claimed, of whose logs something is still to be read."""
        self._unsure: deque[str] = deque()
        """Runs that are this worker's, perhaps, without its having heard of it."""
        self._runtime, self._worker_id = runtime, worker_id
        self._share = Share(neighbours)
        self._wait_for_world = wait_for_world

    async def serve(self) -> None:
        """Claim runs, for ever."""
        while True:
            self.alarm.reset()
            await self._bring_in()
            await self._find_own()
            if not await self._claim():
                await self._wait_for_due()

    def request(self) -> ClaimRequest | None:
        """What to take of the runs that a commit of this process wakes: while there is room, and unless
        others have less to do."""
        held = self._runtime.held
        limit = self._share.at_hand(self._runtime.options.max_live_runs - held, held)
        return self._request(limit) if limit and self._runtime.worker_id is not None else None

    def take_over(self, claimed: ClaimedRun) -> None:
        """Read the log of a run that a commit has claimed, and adopt it."""
        self._partial.append(claimed)
        self.arriving += (claimed.run.id,)
        self.alarm.ring()

    def doubt(self, run_ids: Sequence[str]) -> None:
        """Look whether these runs were claimed by a commit whose answer was lost: nobody else takes them up before
        their lease ends."""
        self._unsure.extend(run_ids)
        self.alarm.ring()

    async def _find_own(self) -> None:
        while self._unsure:
            run_id = self._unsure[0]
            if not self._runtime.knows(run_id):
                with holding(self._runtime.clock):
                    run = await self._runtime.world.listing.get(run_id)
                if run is not None and self._is_lost(run):
                    self._runtime.take_over([ClaimedRun(run=run, events=())])
            self._unsure.popleft()
        await self._bring_in()

    def _is_lost(self, run: RunRecord) -> bool:
        """Whether the run was given to this worker, which does not have it. It may have it since it was asked for."""
        ours = run.status is RunStatus.RUNNING and run.worker == self._worker_id
        return ours and not self._runtime.knows(run.id)

    async def _bring_in(self) -> None:
        while self._partial:
            one = self._partial[0]
            log = await self._whole_log(one)
            del self._partial[0]
            self._runtime.call_soon(self._runtime.adopt, one, log)

    async def _claim(self) -> bool:
        """Claim once. True if there may be more, and room for it."""
        runtime = self._runtime
        self.arriving = tuple([one.run.id for one in self._partial])
        await self._share.give_way(held := len(runtime.live), runtime.clock)
        limit = self._share.limit(runtime.options.max_live_runs - len(runtime.live))
        if not limit:
            return False
        with holding(runtime.clock):
            began = runtime.clock.now()
            claimed = await runtime.world.claims.claim(self._request(limit))
            if claimed and runtime.observers.tracer is not None:
                runtime.observers.tracer.claimed("runs", len(claimed), began)
            arriving = [one.run.id for one in claimed]
            runtime.expect(arriving)
            self.arriving = (*arriving, *[one.run.id for one in self._partial])
        for one in claimed:
            runtime.call_soon(runtime.adopt, one, await self._whole_log(one))
        return await self._share.took(len(claimed), limit, held=held)

    def _request(self, limit: int) -> ClaimRequest:
        options = self._runtime.options
        return ClaimRequest(
            claim=Claim(self._worker_id, options.lease),
            workflows=self._runtime.registry.workflow_names(),
            queues=options.queues,
            limit=limit,
        )

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
            await self.alarm.wait()
            return
        due = await runtime.world.claims.next_due(
            runtime.registry.workflow_names(), runtime.options.queues
        )
        await self.alarm.wait(due)
