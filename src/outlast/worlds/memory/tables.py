"""What a memory world keeps."""

from itertools import count

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import RunRecord
from outlast._model.workers import WorkerRecord
from outlast.errors import WorldError
from outlast.world import StepKey, StoredEvent
from outlast.worlds.memory.news import MemoryNews
from outlast.worlds.planning import NewStep
from outlast.worlds.planning.streams import Place, StreamKey, StreamRow, WriterRow


class QueuedStep(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The row of a dispatched step."""

    key: StepKey
    number: int
    """Its place in the order of dispatching."""
    name: str
    queue: str
    priority: int
    attempt: int
    due_at: Micros
    """For a step that is held: when its lease ends."""
    data: bytes
    epoch: int = 0
    worker: str | None = None
    recoveries: int = 0


class Tables:
    """The rows of a memory world, shared by its stores."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.users = 0
        """How often the world is open."""
        self.runs: dict[str, RunRecord] = {}
        self.numbers: dict[str, int] = {}
        """Run id -> its place in the order of creation."""
        self.logs: dict[str, list[StoredEvent]] = {}
        self.keys: dict[str, str] = {}
        """Idempotency key -> run id."""
        self.due: set[str] = set()
        """The runs that have a `due_at`."""
        self.nudged: set[str] = set()
        """Held runs whose owners do not know of all events."""
        self.steps: dict[StepKey, QueuedStep] = {}
        """The queue of steps."""
        self.streams: dict[str, dict[str, StreamRow]] = {}
        """Run id -> the streams of the run, by name."""
        self.stream_writers: dict[str, dict[str, dict[str, WriterRow]]] = {}
        """Run id -> mark of a step -> what it has written to, by name."""
        self.segments: dict[StreamKey, list[Place]] = {}
        """The segments of each stream, in order."""
        self.hooks: dict[str, HookRecord] = {}
        """The live hooks by token."""
        self.tokens: dict[str, set[str]] = {}
        """Run id -> the tokens of its hooks."""
        self.hook_keys: dict[str, set[str]] = {}
        """Token -> the keys that were delivered."""
        self.workers: dict[str, WorkerRecord] = {}
        self.manifests: dict[str, bytes] = {}
        self.news = MemoryNews()
        self._count = count(1)

    def put(self, run: RunRecord) -> None:
        """Write the row of a run."""
        self.runs[run.id] = run
        if run.id not in self.numbers:
            self.numbers[run.id] = self.next_number()
        if run.due_at is None:
            self.due.discard(run.id)
        else:
            self.due.add(run.id)

    def put_step(self, key: StepKey, step: NewStep) -> None:
        """Write the row of a new step, unless it has one."""
        if key in self.steps:
            return
        self.steps[key] = QueuedStep(
            key=key,
            number=self.next_number(),
            name=step.name,
            queue=step.queue,
            priority=step.priority,
            attempt=step.attempt,
            due_at=step.due_at,
            data=step.data,
        )

    def next_number(self) -> int:
        """A number above all that were given before."""
        return next(self._count)

    def remove(self, run: RunRecord) -> None:
        """Delete a run that has ended, with all that belongs to it."""
        for name in self.streams.pop(run.id, ()):
            self.segments.pop((run.id, name), None)
        self.stream_writers.pop(run.id, None)
        del self.runs[run.id], self.numbers[run.id], self.logs[run.id]
        self.due.discard(run.id)
        self.nudged.discard(run.id)
        if run.idempotency_key is not None:
            del self.keys[run.idempotency_key]

    def put_hook(self, hook: HookRecord) -> None:
        """Write the row of a hook."""
        self.hooks[hook.token] = hook
        self.tokens.setdefault(hook.run_id, set()).add(hook.token)

    def remove_hook(self, token: str) -> None:
        """Delete a hook with the keys that were delivered to it."""
        self.hook_keys.pop(token, None)
        if (hook := self.hooks.pop(token, None)) is not None:
            tokens = self.tokens[hook.run_id]
            tokens.discard(token)
            if not tokens:
                del self.tokens[hook.run_id]

    def check_open(self) -> None:
        """Raise `WorldError` if the world is not open."""
        if not self.users:
            raise WorldError(
                self.url,
                "the world is not open",
                hint="Use it inside `async with world.opened():`.",
            )
