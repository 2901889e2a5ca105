"""What a page shows beside lists: counts, families, sources, and how workflows went."""

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from outlast._api.reading import event_record, position_within, run_info, step_records, waits_beside
from outlast._codec import decode_event
from outlast._ids import digest
from outlast._model.runs import TERMINAL, RunRecord, RunStatus
from outlast._model.workers import Manifest, ManifestEntry
from outlast._registry.durations import to_datetime, to_micros
from outlast._registry.manifest import decode_manifest, definition_source, make_manifest
from outlast._runtime.runtime import Runtime
from outlast.errors import RunNotFoundError
from outlast.records import (
    AwaitedLine,
    Bucket,
    EventRecord,
    Overview,
    RunSource,
    RunTree,
    StepRecord,
    StepStats,
    WorkflowInfo,
    WorkflowStats,
)
from outlast.world import RunFilter, RunOrder

COUNTED: Final = 10_000
"""So far runs are counted."""
CHARTED: Final = 50_000
"""So far the runs of a whole chart are counted, of each kind: in each bucket its share."""
DAY: Final = 24 * 3600 * 1_000_000
FAMILY: Final = 500
"""The most runs below a run that its tree has."""
ABOVE: Final = 100
"""The most parents that are followed."""
SAMPLE: Final = 500
"""The most runs by which a workflow is judged."""
LOGS: Final = 20
"""The most logs that are read for it, and of each ..."""
LOG: Final = 2_000
"""... the first events."""


async def overview(
    runtime: Runtime,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    buckets: int = 48,
) -> Overview:
    """How many runs there are, and what became of them in a window: the last day by default.

    Raises `ValueError` for a window that ends before it begins, or that no calendar has.
    """
    end = runtime.clock.now() if created_to is None else to_micros(created_to)
    start = end - DAY if created_from is None else to_micros(created_from)
    if start >= end:
        message = "created_from must be before created_to"
        raise ValueError(message)
    edges = [start + (end - start) * n // buckets for n in range(buckets + 1)]
    listing = runtime.world.listing
    counts = await listing.counts(most=COUNTED)
    share = min(COUNTED, CHARTED // buckets)
    series = await listing.series(edges, most=share)
    return Overview(
        counts=dict(counts),
        limit=COUNTED,
        bucket_limit=share,
        created_from=_datetime(start),
        created_to=_datetime(end),
        buckets=tuple(
            Bucket(
                start=_datetime(edge),
                started=one.started,
                completed=one.completed,
                failed=one.failed,
                cancelled=one.cancelled,
            )
            for edge, one in zip(edges, series, strict=False)
        ),
    )


async def run_tree(runtime: Runtime, run_id: str) -> RunTree:
    """A run with its parents and their children's children. Raises `RunNotFoundError`."""
    run = await _record(runtime, run_id)
    above = await _parents(runtime, run)
    below, more = await _children(runtime, run)
    return RunTree(runs=tuple(run_info(one) for one in (*above, run, *below)), more=more)


async def run_source(runtime: Runtime, run_id: str) -> RunSource | None:
    """The source of a run's workflow in the version that it started on; `None` if no worker has kept it.

    Raises `RunNotFoundError`.
    """
    run = await _record(runtime, run_id)
    entry = (await _entries(runtime, run.version)).get(run.workflow)
    if entry is None:
        return None
    own = runtime.registry.workflow(run.workflow)
    return RunSource(
        workflow=run.workflow,
        version=run.version,
        module=entry.module,
        file=entry.file,
        line=entry.line,
        source=entry.source,
        changed=None if own is None else digest(definition_source(own).encode()) != entry.digest,
        awaits=await _awaits(runtime, run),
    )


async def event_page(
    runtime: Runtime, run_id: str, start: int, limit: int | None
) -> list[EventRecord]:
    """The events of a log from a position on. Raises `RunNotFoundError`."""
    stored = await runtime.world.log.read(run_id, after=position_within(start), limit=limit)
    if not stored:
        await _record(runtime, run_id)
    return [event_record(one) for one in stored]


async def workflow_infos(runtime: Runtime) -> tuple[WorkflowInfo, ...]:
    """The workflows of this process and of all registered workers, by name."""
    workers = await runtime.world.listing.workers()
    versions = dict.fromkeys((runtime.version, *(worker.version for worker in workers)))
    entries = {version: await _entries(runtime, version) for version in versions}
    queues = {
        version: [
            queue for worker in workers if worker.version == version for queue in worker.queues
        ]
        for version in versions
    }
    names = sorted({name for known in entries.values() for name in known})
    return tuple(_workflow_info(name, entries, queues, runtime) for name in names)


async def workflow_stats(runtime: Runtime, name: str) -> WorkflowStats:
    """How the latest runs of a workflow went; of one that nobody knows, there are none."""
    found = await runtime.world.listing.find(RunFilter(workflows=(name,)), limit=SAMPLE)
    counts = Counter(run.status for run in found.runs)
    times = sorted(
        (run.ended_at - run.started_at) / 1e6
        for run in found.runs
        if run.status is RunStatus.COMPLETED and run.ended_at and run.started_at
    )
    judged = counts[RunStatus.COMPLETED] + counts[RunStatus.FAILED]
    over = [run for run in found.runs if run.status in TERMINAL][:LOGS]
    steps: list[StepRecord] = []
    for run in over:
        log = await runtime.world.log.read(run.id, limit=LOG)
        steps += step_records((decode_event(one) for one in log), runtime.codec)
    return WorkflowStats(
        name=name,
        of=len(found.runs),
        counts={status: counts[status] for status in RunStatus},
        success=counts[RunStatus.COMPLETED] / judged if judged else None,
        p50=_percentile(times, 0.5),
        p90=_percentile(times, 0.9),
        p99=_percentile(times, 0.99),
        logs=len(over),
        steps=_step_stats(steps),
    )


def _workflow_info(
    name: str,
    entries: Mapping[str, Mapping[str, ManifestEntry]],
    queues: Mapping[str, Sequence[str]],
    runtime: Runtime,
) -> WorkflowInfo:
    versions = [version for version in entries if name in entries[version]]
    entry = entries[versions[0]][name]
    return WorkflowInfo(
        name=name,
        signature=entry.signature,
        doc=entry.doc,
        input=None,
        module=entry.module,
        file=entry.file,
        line=entry.line,
        versions=tuple(versions),
        queues=tuple(sorted({queue for version in versions for queue in queues[version]})),
        startable=runtime.registry.workflow(name) is not None,
    )


def _step_stats(steps: Sequence[StepRecord]) -> tuple[StepStats, ...]:
    by_name: dict[str, list[StepRecord]] = {}
    for one in steps:
        if one.ended_at is not None:
            by_name.setdefault(one.name, []).append(one)
    found: list[StepStats] = []
    for name, named in by_name.items():
        times = sorted(
            (one.ended_at - one.started_at).total_seconds() for one in named if one.ended_at
        )
        found.append(
            StepStats(
                name=name,
                count=len(named),
                failed=sum(one.status == "failed" for one in named),
                attempts=sum(len(one.attempts) for one in named),
                p50=_percentile(times, 0.5) or 0.0,
                longest=times[-1],
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.p50, one.name)))


def _percentile(rising: Sequence[float], share: float) -> float | None:
    """The smallest value that this share of all is not above."""
    return rising[max(0, math.ceil(share * len(rising)) - 1)] if rising else None


async def _parents(runtime: Runtime, run: RunRecord) -> list[RunRecord]:
    """The outermost first. They may have been deleted."""
    found: list[RunRecord] = []
    at: RunRecord | None = run
    while at is not None and at.parent is not None and len(found) < ABOVE:
        at = await runtime.world.listing.get(at.parent.run_id)
        if at is not None:
            found.append(at)
    return found[::-1]


async def _children(runtime: Runtime, run: RunRecord) -> tuple[list[RunRecord], bool]:
    """Those and theirs, level by level; and whether there are more."""
    found: list[RunRecord] = []
    waiting = deque([run])
    while waiting:
        wish = RunFilter(parent=waiting.popleft().id, order=RunOrder.OLDEST)
        page = await runtime.world.listing.find(wish, limit=FAMILY + 1 - len(found))
        found += page.runs
        waiting += page.runs
        if len(found) > FAMILY:
            return found[:FAMILY], True
    return found, False


async def _awaits(runtime: Runtime, run: RunRecord) -> tuple[AwaitedLine, ...]:
    if run.status in TERMINAL:
        return ()
    log = [decode_event(one) for one in await runtime.world.log.read(run.id)]
    waits = {one.ref: (one.line, one.kind) for one in (*run.waiting, *waits_beside(log))}
    for step in step_records(log, runtime.codec):
        if step.ended_at is None:
            waits.setdefault(step.id, (step.line, "step"))
    found: list[AwaitedLine] = []
    for ref, (line, kind) in waits.items():
        file, _, number = (line or "").rpartition(":")
        if file and number.isdecimal():
            found.append(AwaitedLine(file=file, line=int(number), kind=kind, id=ref))
    return tuple(found)


async def _entries(runtime: Runtime, version: str) -> dict[str, ManifestEntry]:
    """The workflows of a version by name: those that its workers have written down, and those of this process if it is
    of that version. It may have others than the workers: a version is a commit, not a program."""
    manifests: list[Manifest] = []
    if version == runtime.version:
        manifests.append(make_manifest(runtime.registry, version, runtime.clock.now()))
    if (data := await runtime.world.listing.manifest(version)) is not None:
        manifests.append(decode_manifest(data))
    return {
        entry.name: entry
        for manifest in manifests
        for entry in manifest.entries
        if entry.kind == "workflow"
    }


async def _record(runtime: Runtime, run_id: str) -> RunRecord:
    record = await runtime.world.listing.get(run_id)
    if record is None:
        raise RunNotFoundError(run_id)
    return record


def _datetime(micros: int) -> datetime:
    try:
        return to_datetime(micros)
    except OverflowError as error:
        message = "the window is one that no calendar has"
        raise ValueError(message) from error
