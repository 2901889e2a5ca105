"""The World contract: what storage, queue and log must do for the runtime.

A world keeps runs (one row each), their logs (a dense sequence of events each), dispatched steps,
workers and manifests. It stores bytes and knows no codec. There is one way to write to logs,
`EventLog.commit`, which takes a `Batch` and is one transaction: all of it or none. Whoever writes to a
run's log gets the next place in it; the owner of a run learns in the same call what others have put
there since it last looked.

The contract is internal to Outlast and its worlds, and may change between minor releases. Every world
passes `outlast.testing.conformance`.
"""

from outlast.world.batch import (
    Advance,
    Advanced,
    Again,
    Append,
    Appended,
    Batch,
    Begun,
    Block,
    Claim,
    Created,
    Dispatch,
    Done,
    End,
    EventDraft,
    Keep,
    Progress,
    Receipt,
    Release,
    RunDraft,
    Settle,
    Settled,
    StoredEvent,
    Suspend,
    Then,
)
from outlast.world.claims import (
    ClaimedRun,
    ClaimedStep,
    ClaimRequest,
    Claims,
    Heartbeat,
    StepKey,
    StepQueue,
    StepRequest,
)
from outlast.world.contract import Capabilities, EventLog, News, World
from outlast.world.listing import Listing, PruneRequest, Retention, RunFilter, RunPage

__all__ = [
    "Advance",
    "Advanced",
    "Again",
    "Append",
    "Appended",
    "Batch",
    "Begun",
    "Block",
    "Capabilities",
    "Claim",
    "ClaimRequest",
    "ClaimedRun",
    "ClaimedStep",
    "Claims",
    "Created",
    "Dispatch",
    "Done",
    "End",
    "EventDraft",
    "EventLog",
    "Heartbeat",
    "Keep",
    "Listing",
    "News",
    "Progress",
    "PruneRequest",
    "Receipt",
    "Release",
    "Retention",
    "RunDraft",
    "RunFilter",
    "RunPage",
    "Settle",
    "Settled",
    "StepKey",
    "StepQueue",
    "StepRequest",
    "StoredEvent",
    "Suspend",
    "Then",
    "World",
]
