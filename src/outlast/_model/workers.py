"""Workers and the code that they serve, as the world keeps them."""

import msgspec

from outlast._clock import Micros


class WorkerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A process that claims runs and dispatched steps."""

    id: str
    host: str
    pid: int
    version: str
    queues: tuple[str, ...]
    started_at: Micros
    heartbeat_at: Micros
    live_runs: int = 0
    """How many runs it named at its last heartbeat."""
    attempts: int = 0
    """How many attempts of steps it was making then."""


class ManifestEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One workflow or step, as a deployment has it."""

    kind: str
    """`workflow` or `step`."""
    name: str
    module: str
    file: str
    line: int
    signature: str
    doc: str
    source: str
    digest: str
    """The digest of the source."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one version of the code has: all its programs together, as far as they have served."""

    version: str
    created_at: Micros
    entries: tuple[ManifestEntry, ...]
