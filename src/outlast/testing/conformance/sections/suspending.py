"""Owners let go of runs, and runs wake."""

from outlast._clock import SECOND
from outlast._model.runs import RunStatus, Waiting
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, true
from outlast.testing.conformance.scene import LEASE, Scene, advance, held
from outlast.world import Block, Release, Suspend

SUSPENDING = Section("suspending")


@SUSPENDING.check()
async def it_sleeps_until_it_is_due(scene: Scene) -> None:
    """A suspended run shows what it waits for, has no owner, and is claimed when due, not before."""
    await scene.create(held("a"))
    due_at = scene.clock.now() + 100 * LEASE
    waiting = (
        Waiting(kind="wait", ref="sleep#1", until=due_at, line="flow.py:3"),
        Waiting(kind="child", ref="child#1", on="run_1"),
    )
    answer = await scene.advance("a", "fact", then=Suspend(due_at=due_at, waiting=waiting))
    equal((answer.kept, answer.position), (False, 2))
    run = await scene.run("a")
    equal((run.status, run.worker, run.due_at), (RunStatus.SUSPENDED, None, due_at))
    equal(run.waiting, waiting)
    scene.clock.set(due_at - 1)
    equal(await scene.claimed_ids(), [])
    scene.clock.move(1)
    (claimed,) = await scene.claim()
    equal((claimed.run.status, claimed.run.epoch, claimed.run.waiting), (RunStatus.RUNNING, 2, ()))


@SUSPENDING.check()
async def without_a_time_it_sleeps_until_woken(scene: Scene) -> None:
    """A run suspended without a time is never due on its own."""
    await scene.create(held("a"))
    await scene.advance("a", then=Suspend(due_at=None, waiting=()))
    scene.clock.move(10**6 * LEASE)
    equal(await scene.claimed_ids(), [])
    equal(await scene.world.claims.next_due(frozenset({"flow"}), ("default",)), None)


@SUSPENDING.check()
async def who_missed_something_keeps_the_run(scene: Scene) -> None:
    """A suspension is not carried out if the owner has not seen the whole log; its events are."""
    await scene.create(held("a"))
    await scene.append("a", "hook_resumed")
    answer = await scene.advance("a", "fact", then=Suspend(due_at=None, waiting=()))
    equal((answer.kept, answer.position), (True, 3))
    equal([event.kind for event in answer.missed], ["hook_resumed"])
    run = await scene.run("a")
    equal((run.status, run.worker), (RunStatus.RUNNING, "worker"))
    later = await scene.advance("a", seen=3, then=Suspend(due_at=None, waiting=()))
    equal((later.kept, later.missed), (False, ()))


@SUSPENDING.check()
async def release_hands_back(scene: Scene) -> None:
    """A released run is pending and due at once, missed events or not."""
    await scene.create(held("a"))
    await scene.append("a", "news")
    scene.clock.move(SECOND)
    answer = await scene.advance("a", then=Release())
    equal((answer.kept, [event.kind for event in answer.missed]), (False, ["news"]))
    run = await scene.run("a")
    equal((run.status, run.worker, run.due_at), (RunStatus.PENDING, None, scene.clock.now()))
    (claimed,) = await scene.claim("other")
    equal((claimed.run.epoch, claimed.run.recoveries), (2, 0))


@SUSPENDING.check()
async def a_blocked_run_stays(scene: Scene) -> None:
    """A blocked run tells its problem and is not due; until somebody wakes it, it counts as over."""
    await scene.create(held("a"))
    answer = await scene.advance("a", then=Block(problem="asked for charge#2", digest="d1"))
    true(not answer.kept, "the owner has let go")
    run = await scene.run("a")
    equal((run.status, run.due_at, run.worker), (RunStatus.BLOCKED, None, None))
    equal((run.problem, run.blocked_digest), ("asked for charge#2", "d1"))
    equal(await scene.world.listing.ended(["a"]), frozenset({"a"}))
    await scene.append("a", "wake_requested")
    equal(await scene.world.listing.ended(["a"]), frozenset(), "what is over once it is woken")


@SUSPENDING.check()
async def a_blocked_run_is_due_if_something_was_missed(scene: Scene) -> None:
    """Who cancels a run that is just becoming blocked is heard: it is claimed again at once."""
    await scene.create(held("a"))
    await scene.append("a", "cancel_requested")
    answer = await scene.advance("a", then=Block(problem="asked for charge#2", digest="d1"))
    equal((answer.kept, [event.kind for event in answer.missed]), (False, ["cancel_requested"]))
    run = await scene.run("a")
    equal((run.status, run.due_at), (RunStatus.BLOCKED, scene.clock.now()))
    equal(await scene.claimed_ids("other"), ["a"])


@SUSPENDING.check()
async def unblocking_wakes_what_may_fit_now(scene: Scene) -> None:
    """`unblock` makes due the runs of the workflows that are blocked on another digest, and counts them."""
    await scene.commit(held("a"), held("b"), held("c", workflow="other"), held("d"))
    await scene.commit(held("e", workflow="more"))
    await scene.commit(
        *(advance(run_id, then=Block(problem="?", digest=f"d-{run_id}")) for run_id in "abce")
    )
    known = {"flow": "d-a", "more": "d-e", "unheard of": "d-b"}
    equal(await scene.world.claims.unblock({}), 0)
    equal(await scene.world.claims.unblock(known), 1)
    equal(await scene.world.claims.unblock(known), 0, "the number of runs woken twice")
    (claimed,) = await scene.claim(workflows=("flow", "other", "more"))
    equal((claimed.run.id, claimed.run.status), ("b", RunStatus.RUNNING))
    equal((claimed.run.problem, claimed.run.blocked_digest), (None, None))
