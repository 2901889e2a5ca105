"""What all live runs of a process share."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import partial
from typing import Any, Final

import msgspec

from outlast._clock import Clock, Micros
from outlast._codec import Codec
from outlast._engine.execution import Execution
from outlast._model.events import Logged, RunCreated
from outlast._model.runs import RunRecord, RunStatus
from outlast._registry.definitions import WorkflowDefinition
from outlast._registry.manifest import source_digest
from outlast._registry.registry import Registry
from outlast._runtime.awaking import Awaking
from outlast._runtime.commits import Committer
from outlast._runtime.delivering import Deliveries
from outlast._runtime.followers import Followers
from outlast._runtime.hooks import openings
from outlast._runtime.lingering import Lingering
from outlast._runtime.live import LiveRun
from outlast._runtime.news import Endings
from outlast._runtime.observers import Observers
from outlast._runtime.options import RuntimeOptions
from outlast._runtime.problems import log_reports
from outlast._runtime.shared import Withdrawn
from outlast._runtime.shared_reads import SharedReads
from outlast._runtime.slots import Slots
from outlast._runtime.slow import SlowAttempts
from outlast._runtime.streams import StreamSender
from outlast._runtime.stretches import tell_begun, tell_taken
from outlast._runtime.threads import StepThreads
from outlast.errors import NoAppError, WorldError
from outlast.world import (
    Append,
    Appended,
    Block,
    Claim,
    ClaimedRun,
    ClaimRequest,
    Created,
    End,
    RunDraft,
    StoredEvent,
    Suspend,
    Then,
    World,
)

logger: Final = logging.getLogger("outlast")


class Runtime:
    """Live runs, the committer, and what they need. One for each open app.

    It takes no runs by itself: a worker adopts those that it claims, and `create` adopts at once what it
    starts while a worker `serves`.
    """

    def __init__(
        self,
        world: World,
        *,
        registry: Registry,
        codec: Codec,
        clock: Clock,
        observers: Observers,
        options: RuntimeOptions,
        version: str,
        chance: random.Random,
    ) -> None:
        self.world, self.registry, self.codec, self.clock = world, registry, codec, clock
        self.observers, self.options, self.version, self.chance = (
            observers,
            options,
            version,
            chance,
        )
        self.live: dict[str, LiveRun] = {}
        self.committer = self._make_committer()
        self.deliveries = Deliveries(self.committer, self.live, self.woke)
        self.awaking = self._make_awaking()
        self.endings = Endings(world.listing, world.news, clock, self.live.__contains__)
        self.followers = Followers(world.news)
        self.streams = StreamSender(world.streams, clock, self.followers, options, observers)
        self.stream_reads = SharedReads(world.streams, self.followers)
        self.loop = asyncio.get_running_loop()
        self.context = copy_context()
        """What attempts begin with: the context that the app was opened in."""
        self.slots = Slots(options.max_steps)
        self.slow_attempts = SlowAttempts(clock, options.slow_step_after)
        self.public_base = ""
        """What the URLs of webhooks begin with; empty while nobody has said it."""
        self.find_base: Callable[[], str] = lambda: self.public_base
        self.worker_id: str | None = None
        """The worker that serves in this process; `None`: nobody does."""
        self.draining, self.creating = False, 0
        """Whether the process stops: no attempt is begun any more; and how many runs are being created for its worker."""
        self.claim_request: Callable[[], ClaimRequest | None] = lambda: None
        """What the worker takes of the runs that a commit of this process wakes."""
        self.on_partial: Callable[[ClaimedRun], None] = lambda _claimed: None
        """Given a claimed run whose log is longer than what came with it: to be read, and the run adopted."""
        self.on_due: Callable[[Micros | None], None] = lambda _when: None
        """Told when a run that nobody holds became due, or will be at that time."""
        self.on_dispatched: Callable[[], None] = lambda: None
        """Told when a step was put into the queue for other workers."""
        self.on_withdrawn: Withdrawn = lambda _run_id, _refs: None
        """Told which steps of a run were taken out of the queue; `None`: all that it has there."""
        self.on_broken: Callable[[Exception], None] = lambda _error: None
        """Told when the world refused a commit in a way that trying again does not mend."""
        self.on_room: Callable[[], None] = lambda: None
        """Told when a live run, or a step of another worker's run, has left; while draining also when one was created."""
        self._expected: dict[str, bool] = {}
        """Runs that are claimed and not adopted yet, and whether each has been nudged since."""
        self._threads: StepThreads | None = None
        self._lingering = Lingering(clock, options.linger)

    @property
    def threads(self) -> StepThreads:
        """Where `def` steps run."""
        if self._threads is None:
            self._threads = StepThreads(self.options.max_threads)
        return self._threads

    # Starting and appending

    async def create(self, draft: RunDraft, event: RunCreated) -> Created:
        """Create a run durably; and begin it here, if a worker serves here and has room."""
        claim = self._claim_for(draft)
        if claim is not None:
            draft = _claimed(draft, claim)
            self.creating += 1
        future: asyncio.Future[Created] = asyncio.get_running_loop().create_future()

        def done(answer: Created | Exception, at: Micros) -> None:
            if isinstance(answer, Created):
                self._begin_created(answer, draft, event, at)
            if claim is not None:
                self.creating -= 1
                if self.draining:
                    self.on_room()
            _resolve(future, answer)

        self.committer.create(draft, done)
        return await future

    async def append_durably(self, append: Append) -> Appended:
        """Put events into a log that this process need not own. Durable on return."""
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()

        def done(answer: Appended | Exception) -> None:
            self._appended(append, answer)
            _resolve(future, answer)

        self.committer.append(append, done)
        return await future

    def append(self, append: Append) -> None:
        """The same, without waiting: for what replay asks for again if it is lost."""
        self.committer.append(append, partial(self._appended, append))

    # Live runs

    def expect(self, run_ids: Sequence[str]) -> None:
        """These runs are claimed, and will be adopted: a nudge until then is kept for them."""
        self._expected.update(dict.fromkeys(run_ids, False))

    def nudge(self, run_ids: Sequence[str]) -> None:
        """Others have put events into the logs of these runs; those that are not here are ignored."""
        for run_id in run_ids:
            if run_id in self._expected:
                self._expected[run_id] = True
            elif live := self.live.get(run_id):
                live.nudge()

    def take_over(self, claimed: Sequence[ClaimedRun]) -> None:
        """Bring runs to life that a commit of this process has woken and claimed."""
        if self.draining:
            return  # whoever unregisters hands them back
        self.expect([one.run.id for one in claimed])
        for one in claimed:
            if len(one.events) < one.run.position:
                self.on_partial(one)
            else:
                self.awaking.add(one)

    @property
    def held(self) -> int:
        """How many runs this process holds: those that are live, and those on their way."""
        return len(self.live) + len(self._expected)

    def woke(self, run_id: str) -> None:
        """Something from outside was put into the log of a run. If it is not in this process, nor on its way
        here, it may be due."""
        self.followers.tell(run_id)
        if not self.knows(run_id):
            self.on_due(None)

    def knows(self, run_id: str) -> bool:
        """Whether the run is in this process, or on its way here."""
        return run_id in self.live or run_id in self._expected

    def adopt(self, claimed: ClaimedRun, log: Sequence[StoredEvent]) -> None:
        """Bring a claimed run to life. `log` is its whole log. Call it from a callback."""
        run = claimed.run
        nudged = self._expected.pop(run.id, False)
        definition = self.registry.workflow(run.workflow)
        if definition is None:
            return
        if (stale := self.live.get(run.id)) is not None:
            stale.leave()  # its lease had ended, and this worker has claimed it anew
        execution = self._execution(definition, run.id)
        execution.hooks.foresee(openings(log))
        live = LiveRun(self, run, execution)
        self.live[run.id] = live
        execution.context = tell_taken(self.observers, run, log)
        if run.recoveries >= self.options.recovery_limit:
            live.give_up()
        else:
            live.begin(deque(log))
        if nudged:
            live.nudge()

    def forget(self, live: LiveRun) -> None:
        """A live run has left."""
        self._lingering.forget(live)
        if self.live.get(live.id) is live:
            was_full = len(self.live) >= self.options.max_live_runs
            del self.live[live.id]
            self.observers.run_left(live.id)
            self.endings.watch_again(live.id)
            if was_full or self.draining:
                self.on_room()

    def tell(self, live: LiveRun, then: Then) -> None:
        """Tell who wants to know how a live run has left."""
        match then:
            case End(status=status, notify=notify):
                self.observers.run_ended(live.id, status)
                self.endings.tell(live.id, live.last_event)
                self.on_withdrawn(live.id, None)
                if notify is not None:
                    self.woke(notify.run_id)
            case Block(problem=problem):
                self.observers.run_blocked(live.id, problem)
                logger.error("run %s is blocked: %s", live.id, problem)
                self.endings.tell(live.id)
                self.on_due(None)  # it is due at once if something came that it has not seen
            case Suspend(due_at=due_at):
                self.observers.run_suspended(live.id)
                if due_at is not None:
                    self.on_due(due_at)
            case _:
                pass

    def linger(self, live: LiveRun) -> None:
        """Suspend the run after a while, if it still is idle then."""
        self._lingering.add(live)

    def report(self, live: LiveRun) -> None:
        """Log what asyncio had to say about a workflow's tasks."""
        reports, live.execution.loop.reports = live.execution.loop.reports, []
        log_reports(live.id, reports)

    def source_digest(self, workflow: str) -> str:
        """The digest of a workflow's source, as this process has it."""
        definition = self.registry.workflow(workflow)
        return "" if definition is None else source_digest(definition)

    def call_soon(self, callback: Callable[..., None], *arguments: Any) -> None:
        """Call back in the next turn of the host's loop; time does not skip until then."""
        self.clock.hold()

        def call() -> None:
            try:
                callback(*arguments)
            finally:
                self.clock.release()

        asyncio.get_running_loop().call_soon(call)

    def drain(self) -> None:
        """Claim nothing and begin no attempt any more, from this moment on. Idempotent."""
        self.worker_id = None
        self.draining = True
        self.awaking.close()  # whoever unregisters hands them back

    async def close(self) -> None:
        """Let go of everything. What is live stays in the world as it is."""
        for live in list(self.live.values()):
            live.leave()
        self.slow_attempts.close()
        self.awaking.close()
        self._lingering.close()
        await self.streams.close()
        await self.committer.close()
        await self.endings.close()
        if self._threads is not None:
            self._threads.close()

    def _make_committer(self) -> Committer:
        return Committer(
            self.world.log,
            self.clock,
            self.observers,
            claim=lambda: self.claim_request(),
            on_claimed=self.take_over,
            on_nudged=lambda run_ids: self.nudge(self.deliveries.others(run_ids)),
            on_broken=lambda error: self.on_broken(error),
        )

    def _make_awaking(self) -> Awaking:
        return Awaking(
            self.clock,
            delivering=lambda: self.committer.delivering,
            call_soon=self.call_soon,
            adopt=lambda claimed: self.adopt(claimed, claimed.events),
        )

    def _execution(self, definition: WorkflowDefinition, run_id: str) -> Execution:
        execution = Execution(definition, run_id, self.codec)
        execution.hooks.find_base = self.find_base
        return execution

    def _claim_for(self, draft: RunDraft) -> Claim | None:
        serves = (
            self.worker_id is not None
            and not draft.delay
            and len(self.live) < self.options.max_live_runs
            and draft.queue in self.options.queues
            and self.registry.workflow(draft.workflow) is not None
        )
        return Claim(self.worker_id, self.options.lease) if serves and self.worker_id else None

    def _begin_created(
        self, answer: Created, draft: RunDraft, event: RunCreated, at: Micros
    ) -> None:
        if not answer.new or draft.claim is None:
            self.on_due(at + draft.delay if draft.delay else None)
            return
        definition = self.registry.workflow(draft.workflow)
        assert definition is not None  # noqa: S101 - else it would not have been claimed
        live = LiveRun(
            self,
            _created_record(draft, draft.claim, answer, at),
            self._execution(definition, draft.id),
        )
        self.live[draft.id] = live
        live.execution.context = tell_begun(self.observers, live.record, event)
        live.begin_new(Logged(0, at, event))

    def _appended(self, append: Append, answer: Appended | Exception) -> None:
        if isinstance(answer, Appended):
            if answer.status is not RunStatus.RUNNING:
                self.woke(append.run_id)
        elif not isinstance(answer, WorldError | NoAppError):
            logger.error("events could not be appended", exc_info=answer)


def _claimed(draft: RunDraft, claim: Claim) -> RunDraft:
    return msgspec.structs.replace(draft, claim=claim)


def _created_record(draft: RunDraft, claim: Claim, answer: Created, at: Micros) -> RunRecord:
    """The row as it is after creating it as claimed."""
    return RunRecord(
        id=draft.id,
        workflow=draft.workflow,
        status=RunStatus.RUNNING,
        version=draft.version,
        queue=draft.queue,
        priority=draft.priority,
        attributes=draft.attributes,
        due_at=None,
        epoch=answer.epoch,
        worker=claim.worker,
        position=1,
        recoveries=0,
        created_at=at,
    )


def _resolve(future: asyncio.Future[Any], answer: object) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
