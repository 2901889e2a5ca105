"""Workers take runs, and hold them."""

from outlast._clock import SECOND
from outlast._model.runs import RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, true
from outlast.testing.conformance.scene import (
    LEASE,
    Scene,
    advance,
    append,
    draft,
    heartbeat,
    held,
)
from outlast.world import End, Release, Suspend

CLAIMING = Section("claiming")
LEASES = Section("leases")


@CLAIMING.check()
async def a_claim_takes_a_run(scene: Scene) -> None:
    """A claimed run is running, the worker's, one epoch further, due when the lease ends."""
    await scene.create(draft("a"))
    await scene.append("a", "news")
    scene.clock.move(SECOND)
    (claimed,) = await scene.claim("me")
    run = claimed.run
    equal((run.status, run.worker, run.epoch), (RunStatus.RUNNING, "me", 1))
    equal((run.due_at, run.started_at), (scene.clock.now() + LEASE, scene.clock.now()))
    equal(run, await scene.run("a"))
    equal(claimed.events, await scene.world.log.read("a"))
    equal(await scene.claimed_ids("other"), [])


@CLAIMING.check()
async def a_long_log_begins_in_the_claim(scene: Scene) -> None:
    """A claimed run comes with the beginning of its log, and the rest can be read."""
    await scene.create(draft("a"))
    await scene.append("a", *["fact"] * 5_000)
    (claimed,) = await scene.claim()
    true(claimed.events, "a claimed run comes with at least 1 event")
    rest = await scene.world.log.read("a", after=len(claimed.events))
    equal([event.position for event in (*claimed.events, *rest)], list(range(5_001)))


@CLAIMING.check()
async def the_highest_priority_goes_first(scene: Scene) -> None:
    """Due runs are taken by priority, then by the time since which they are due, then as created."""
    for run_id, priority in (("a", 0), ("b", -5), ("c", 9), ("d", 0), ("e", 9)):
        await scene.create(draft(run_id, priority=priority))
        scene.clock.move(1)
    await scene.commit(draft("z", priority=9), draft("y", priority=9))
    equal(await scene.claimed_ids(limit=4), ["c", "e", "z", "y"])
    equal(await scene.claimed_ids(limit=1), ["a"])
    equal(await scene.claimed_ids(), ["d", "b"])


@CLAIMING.check()
async def due_time_counts_and_not_creation(scene: Scene) -> None:
    """Of one priority, the run that has been due longest goes first."""
    await scene.create(draft("delayed", delay=5 * SECOND))
    scene.clock.move(SECOND)
    await scene.create(draft("prompt"))
    scene.clock.move(SECOND * 10)
    equal(await scene.claimed_ids(), ["prompt", "delayed"])


@CLAIMING.check()
async def what_is_not_due_is_passed_over(scene: Scene) -> None:
    """A high priority does not make a run due earlier."""
    await scene.commit(draft("later", priority=9, delay=SECOND), draft("now"))
    equal(await scene.claimed_ids(), ["now"])


@CLAIMING.check()
async def unknown_workflows_are_left_alone(scene: Scene) -> None:
    """Runs of workflows that the worker does not know stay as they are, and hold up nobody."""
    await scene.commit(*(draft(f"x{n}", workflow="unknown", priority=n % 3) for n in range(50)))
    await scene.commit(draft("a"), draft("b", workflow="second"))
    equal(await scene.claimed_ids(limit=1), ["a"])
    equal(await scene.claimed_ids(workflows=()), [])
    equal(await scene.claimed_ids(workflows=("flow", "second")), ["b"])
    equal((await scene.run("x0")).status, RunStatus.PENDING)


@CLAIMING.check()
async def queues_are_apart(scene: Scene) -> None:
    """A worker takes from its queues only, and over all of them by priority."""
    await scene.commit(
        draft("a", queue="slow"), draft("b", queue="fast"), draft("c", queue="slow", priority=1)
    )
    equal(await scene.claimed_ids(), [])
    equal(await scene.claimed_ids(queues=()), [])
    equal(await scene.claimed_ids(queues=("fast", "slow", "slow"), limit=2), ["c", "a"])
    equal(await scene.claimed_ids(queues=("fast",)), ["b"])


@CLAIMING.check()
async def many_priorities(scene: Scene) -> None:
    """The order holds over many priorities, more than are taken at once."""
    await scene.commit(*(draft(f"r{n:03}", priority=n * 7 % 100) for n in range(200)))
    taken = [claimed.run.priority for _ in range(20) for claimed in await scene.claim(limit=10)]
    equal(taken, sorted((n * 7 % 100 for n in range(200)), reverse=True))


@CLAIMING.check()
async def next_due_is_the_earliest(scene: Scene) -> None:
    """`next_due` tells when such a worker could next claim: also a lease's end, also the past."""
    now = scene.clock.now()
    next_due = scene.world.claims.next_due
    flow, default = frozenset({"flow"}), ("default",)
    equal(await next_due(flow, default), None)
    await scene.commit(
        draft("a", delay=9 * SECOND),
        draft("b", delay=5 * SECOND, priority=-1),
        draft("c", delay=SECOND, workflow="other"),
        draft("d", delay=SECOND, queue="slow"),
    )
    equal(await next_due(flow, default), now + 5 * SECOND)
    equal(await next_due(frozenset({"flow", "other"}), default), now + SECOND)
    equal(await next_due(flow, ("default", "slow")), now + SECOND)
    equal(await next_due(frozenset(), default), None)
    scene.clock.move(20 * SECOND)
    equal(await next_due(flow, default), now + 5 * SECOND)
    await scene.claim()
    equal(await next_due(flow, default), now + 20 * SECOND + LEASE)


@LEASES.check()
async def a_lease_that_ended_is_a_recovery(scene: Scene) -> None:
    """A run whose owner did not renew can be claimed when the lease is over; that is counted."""
    await scene.create(held("a", "first"))
    scene.clock.move(LEASE - 1)
    equal(await scene.claimed_ids("second"), [])
    scene.clock.move(1)
    for recoveries in (1, 2, 3):
        (claimed,) = await scene.claim("second")
        equal((claimed.run.recoveries, claimed.run.epoch), (recoveries, recoveries + 1))
        scene.clock.move(LEASE)


@LEASES.check()
async def renewing_extends_what_is_named(scene: Scene) -> None:
    """`renew` moves the leases of those named runs that are the worker's, and of no others; and notes
    the heartbeat, with how many runs and attempts there are."""
    record = await scene.register("me")
    await scene.commit(
        held("a", "me"), held("b", "me"), held("c", "other"), draft("d", priority=-1)
    )
    scene.clock.move(LEASE - 1)
    await scene.world.claims.renew(heartbeat("me", "a", "c", "d", "gone", attempts=7))
    scene.clock.move(1)
    equal(await scene.claimed_ids("third"), ["b", "c", "d"])
    equal((await scene.run("a")).due_at, scene.clock.now() - 1 + LEASE)
    (worker,) = await scene.world.listing.workers()
    equal(worker.heartbeat_at, record.started_at + LEASE - 1)
    equal((worker.live_runs, worker.attempts), (4, 7), "the load: the runs named, and the attempts")


@LEASES.check()
async def a_run_that_is_not_named_is_not_kept(scene: Scene) -> None:
    """A run that its worker has lost sight of goes to another when its lease ends, however well the
    worker is. That is a recovery."""
    await scene.create(held("lost", "me"))
    for _ in range(3):
        scene.clock.move(LEASE // 3)
        await scene.world.claims.renew(heartbeat("me"))
    (claimed,) = await scene.claim("other")
    equal((claimed.run.id, claimed.run.recoveries), ("lost", 1))
    true((await scene.advance("lost", "late")).fenced, "the first worker writes no more")


@LEASES.check()
async def renewing_touches_nothing_let_go(scene: Scene) -> None:
    """What the worker suspended or ended is not its own any more."""
    await scene.commit(held("a", "me"), held("b", "me"))
    await scene.commit(
        advance("a", then=Suspend(due_at=None, waiting=())),
        advance("b", then=End(status=RunStatus.CANCELLED)),
    )
    await scene.world.claims.renew(heartbeat("me", "a", "b"))
    equal(((await scene.run("a")).due_at, (await scene.run("b")).due_at), (None, None))


@LEASES.check()
async def progress_ends_the_count(scene: Scene) -> None:
    """Progress, a suspension and a release each set the count of recoveries back; a fact does not."""
    for run_id, part in (
        ("plain", advance("plain", "step_started", epoch=2)),
        ("progress", advance("progress", "step_completed", epoch=2, progress=True)),
        ("suspend", advance("suspend", epoch=2, then=Suspend(due_at=None, waiting=()))),
        ("release", advance("release", epoch=2, then=Release())),
    ):
        await scene.create(held(run_id))
        scene.clock.move(LEASE)
        await scene.claim(limit=1)
        equal((await scene.run(run_id)).recoveries, 1, f"the recoveries of {run_id!r}")
        await scene.commit(part)
        wanted = 1 if run_id == "plain" else 0
        equal((await scene.run(run_id)).recoveries, wanted, f"the recoveries of {run_id!r} after")
        scene.clock.move(-LEASE)


@LEASES.check()
async def a_suspended_run_was_not_lost(scene: Scene) -> None:
    """Claiming a run that nobody held counts no recovery."""
    await scene.create(held("a"))
    await scene.advance("a", then=Suspend(due_at=scene.clock.now(), waiting=()))
    (claimed,) = await scene.claim()
    equal((claimed.run.recoveries, claimed.run.epoch), (0, 2))


@LEASES.check()
async def an_append_is_no_progress(scene: Scene) -> None:
    """What others write does not set the count of recoveries back."""
    await scene.create(held("a"))
    scene.clock.move(LEASE)
    await scene.claim()
    await scene.commit(append("a", "news"))
    equal((await scene.run("a")).recoveries, 1)
