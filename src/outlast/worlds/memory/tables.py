"""What a memory world keeps."""

from outlast._model.runs import RunRecord
from outlast._model.workers import WorkerRecord
from outlast.errors import WorldError
from outlast.world import StoredEvent
from outlast.worlds.memory.news import MemoryNews


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
        self.workers: dict[str, WorkerRecord] = {}
        self.manifests: dict[str, bytes] = {}
        self.news = MemoryNews()

    def put(self, run: RunRecord) -> None:
        """Write the row of a run."""
        self.runs[run.id] = run
        self.numbers.setdefault(run.id, len(self.numbers))
        if run.due_at is None:
            self.due.discard(run.id)
        else:
            self.due.add(run.id)

    def check_open(self) -> None:
        """Raise `WorldError` if the world is not open."""
        if not self.users:
            raise WorldError(
                self.url,
                "the world is not open",
                hint="Use it inside `async with world.opened():`.",
            )
