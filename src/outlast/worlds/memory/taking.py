"""Taking a run, in memory."""

from msgspec.structs import replace

from outlast._clock import Micros
from outlast._model.runs import RunRecord, RunStatus
from outlast.world import Claim, ClaimedRun, ClaimRequest
from outlast.worlds.memory.tables import Tables


def take(tables: Tables, run: RunRecord, claim: Claim, now: Micros) -> ClaimedRun:
    """Make the run the worker's. One that is still running was its last owner's: a recovery."""
    died = run.status == RunStatus.RUNNING
    taken = replace(
        run,
        status=RunStatus.RUNNING,
        epoch=run.epoch + 1,
        worker=claim.worker,
        due_at=now + claim.lease,
        recoveries=run.recoveries + 1 if died else run.recoveries,
        started_at=now if run.started_at is None else run.started_at,
        waiting=(),
        problem=None,
        blocked_digest=None,
    )
    tables.put(taken)
    tables.nudged.discard(run.id)
    return ClaimedRun(run=taken, events=tuple(tables.logs[run.id]))


def take_woken(
    tables: Tables, woken: tuple[str, ...], request: ClaimRequest, now: Micros
) -> tuple[ClaimedRun, ...]:
    """Take of the runs that a batch has woken what the worker has asked for."""
    fitting = [
        run
        for run in map(tables.runs.__getitem__, woken)
        if run.workflow in request.workflows and run.queue in request.queues
    ]
    return tuple([take(tables, run, request.claim, now) for run in fitting[: request.limit]])
