"""Workers of steps say what became of them, hold them, and die."""

from outlast._clock import SECOND
from outlast._model.runs import RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, true
from outlast.testing.conformance.scene import (
    LEASE,
    Scene,
    advance,
    append,
    dispatch,
    heartbeat,
    held,
    settle,
)
from outlast.world import Again, Batch, Begun, Block, Done, RunFilter, StepKey, Suspend

SETTLING = Section("settling")
STEP_LEASES = Section("step_leases")

_WORK = StepKey("a", "work#1")


async def _claimed(scene: Scene, worker: str = "me") -> None:
    """Run `a`, held at epoch 1 with 1 event, and its step `work#1`, held by a worker at epoch 1."""
    await scene.create(held("a"))
    await scene.dispatch("a", dispatch("work#1"))
    equal(await scene.claimed_refs(worker), ["work#1"])


@SETTLING.check()
async def done_wakes_the_run(scene: Scene) -> None:
    """The outcome of a step goes into the log of its run, which becomes due at once if nobody holds
    it; the step is gone."""
    await _claimed(scene)
    await scene.advance("a", then=Suspend(due_at=scene.clock.now() + LEASE, waiting=()))
    scene.clock.move(SECOND)
    receipt = await scene.commit(settle("a", "work#1", "step_completed", then=Done()))
    equal(([one.fenced for one in receipt.settled], receipt.nudged), ([False], ()))
    equal(await scene.kinds("a"), ["run_created", "step_completed"])
    run = await scene.run("a")
    equal((run.status, run.due_at, run.position), (RunStatus.SUSPENDED, scene.clock.now(), 2))
    equal(await scene.world.steps.held("me"), frozenset())
    scene.clock.move(2 * LEASE)
    equal(await scene.claimed_refs(), [])
    (claimed,) = await scene.claim()
    equal([event.kind for event in claimed.events], ["run_created", "step_completed"])


@SETTLING.check()
async def done_nudges_the_owner(scene: Scene) -> None:
    """If somebody holds the run, the outcome of a step is for it to look at, as what is appended is."""
    await _claimed(scene)
    due_at = (await scene.run("a")).due_at
    receipt = await scene.commit(settle("a", "work#1", "step_completed", then=Done()))
    equal(receipt.nudged, ("a",))
    equal(await scene.world.claims.nudged("worker"), ("a",))
    equal((await scene.run("a")).due_at, due_at)
    answer = await scene.advance("a")
    equal([event.kind for event in answer.missed], ["step_completed"])
    equal(await scene.world.claims.nudged("worker"), ())


@SETTLING.check()
async def done_wakes_a_blocked_run(scene: Scene) -> None:
    """A blocked run is due when the outcome of one of its steps comes, as when something is appended."""
    await _claimed(scene)
    await scene.advance("a", then=Block(problem="?", digest="d"))
    await scene.settle("a", "work#1", "step_completed", then=Done())
    run = await scene.run("a")
    equal((run.status, run.due_at), (RunStatus.BLOCKED, scene.clock.now()))


@SETTLING.check()
async def begun_is_for_readers(scene: Scene) -> None:
    """That an attempt goes on is in the log; neither is the run made due nor its owner nudged. The step
    stays with its worker."""
    await _claimed(scene)
    receipt = await scene.commit(settle("a", "work#1", "step_started", then=Begun()))
    equal((receipt.settled[0].fenced, receipt.nudged), (False, ()))
    equal(await scene.world.claims.nudged("worker"), ())
    answer = await scene.advance("a", then=Suspend(due_at=None, waiting=()))
    equal((answer.kept, [event.kind for event in answer.missed]), (True, ["step_started"]))
    await scene.advance("a", seen=2, then=Suspend(due_at=None, waiting=()))
    await scene.settle("a", "work#1", "step_started", then=Begun())
    run = await scene.run("a")
    equal((run.due_at, run.position, run.recoveries), (None, 3, 0))
    equal(await scene.world.steps.held("me"), frozenset({_WORK}))
    equal(await scene.claimed_refs("other"), [])


@SETTLING.check()
async def a_quiet_event_takes_back_no_nudge(scene: Scene) -> None:
    """What is for readers only neither tells nor untells the owner of what came before."""
    await _claimed(scene)
    await scene.append("a", "news")
    await scene.settle("a", "work#1", "step_started", then=Begun())
    equal(await scene.world.claims.nudged("worker"), ("a",))
    receipt = await scene.commit(
        append("a", "more"), settle("a", "work#1", "step_retried", then=Again(attempt=2, delay=0))
    )
    equal(receipt.nudged, ("a",))


@SETTLING.check()
async def again_puts_the_step_back(scene: Scene) -> None:
    """A step goes back into the queue for its next attempt, due after a delay, with no recoveries; the
    run is neither made due nor nudged. Its worker has let go of it."""
    await _claimed(scene)
    await scene.advance("a", then=Suspend(due_at=None, waiting=()))
    scene.clock.move(LEASE)
    equal([step.recoveries for step in await scene.claim_steps("second")], [1])
    again = Again(attempt=2, delay=5 * SECOND)
    answer = await scene.settle("a", "work#1", "step_retried", then=again, epoch=2)
    true(not answer.fenced, "the second worker holds the step")
    equal(await scene.kinds("a"), ["run_created", "step_retried"])
    equal((await scene.run("a")).due_at, None)
    equal(await scene.world.steps.held("second"), frozenset())
    scene.clock.move(5 * SECOND - 1)
    equal(await scene.claimed_refs(), [])
    scene.clock.move(1)
    (claimed,) = await scene.claim_steps("third")
    equal((claimed.attempt, claimed.epoch, claimed.recoveries), (2, 3, 0))


@SETTLING.check()
async def who_let_go_says_no_more(scene: Scene) -> None:
    """What is said of a step by who has put it back, or has said its outcome, is refused: a message
    that comes twice counts once."""
    await _claimed(scene)
    again = Again(attempt=2, delay=0)
    await scene.settle("a", "work#1", "step_retried", then=again)
    for then in (again, Begun(), Done()):
        true((await scene.settle("a", "work#1", "late", then=then)).fenced, f"{then} is late")
    equal(await scene.claimed_refs("me"), ["work#1"])
    receipt = await scene.commit(
        settle("a", "work#1", "step_completed", then=Done(), epoch=2),
        settle("a", "work#1", "step_completed", then=Done(), epoch=2),
    )
    equal([one.fenced for one in receipt.settled], [False, True])
    equal(await scene.kinds("a"), ["run_created", "step_retried", "step_completed"])


@SETTLING.check()
async def what_was_said_is_not_said_again(scene: Scene) -> None:
    """Of a batch that comes again after an answer was lost, what was said of a step that goes on is written once; a
    step that its worker had let go of is refused."""
    await _claimed(scene)
    began = settle("a", "work#1", "step_started", then=Begun(), attributes={"n": 1})
    done = settle("a", "work#1", "step_completed", then=Done())
    await scene.commit(began)
    await scene.append("a", "news", attributes={"n": 2})
    (answer,) = (await scene.world.log.commit(Batch(settles=(began,), again=True))).settled
    true(not answer.fenced, "the step goes on")
    await scene.commit(done)
    (answer,) = (await scene.world.log.commit(Batch(settles=(done,), again=True))).settled
    true(answer.fenced, "nobody holds the step any more")
    equal(await scene.kinds("a"), ["run_created", "step_started", "news", "step_completed"])
    equal((await scene.run("a")).attributes, {"n": 2})


@SETTLING.check()
async def the_epoch_of_the_step_fences(scene: Scene) -> None:
    """Who was overtaken by another worker says no more of the step; the epoch of the run is another
    matter. Nothing is said of steps that nobody has dispatched or claimed."""
    await _claimed(scene, "zombie")
    await scene.dispatch("a", dispatch("work#2", queue="slow"))
    scene.clock.move(LEASE)
    equal(await scene.claimed_refs("new"), ["work#1"])
    for epoch in (0, 1, 3):
        answer = await scene.settle("a", "work#1", "late", then=Done(), epoch=epoch)
        true(answer.fenced, f"the epoch is not {epoch}")
    await scene.claim("second owner")
    for ref, epoch in (("work#2", 0), ("work#2", 1), ("nothing#1", 0)):
        true((await scene.settle("a", ref, "late", then=Done(), epoch=epoch)).fenced, "not held")
    true((await scene.settle("gone", "work#1", "late", then=Done())).fenced, "there is no run")
    equal(await scene.kinds("a"), ["run_created"])
    answer = await scene.settle("a", "work#1", "step_completed", then=Done(), epoch=2)
    true(not answer.fenced, "it is the new worker's")


@SETTLING.check()
async def a_settle_may_set_attributes(scene: Scene) -> None:
    """Attributes are merged into the run's with whatever is said of the step; and are not if that is
    refused."""
    await scene.create(held("a", attributes={"x": 1, "y": 1}))
    await scene.dispatch("a", dispatch("work#1"))
    await scene.claim_steps("me")
    await scene.settle("a", "work#1", then=Begun(), attributes={"y": 2})
    await scene.settle("a", "work#1", then=Done(), attributes={"z": 3})
    await scene.settle("a", "work#1", then=Done(), attributes={"z": 4})
    equal((await scene.run("a")).attributes, {"x": 1, "y": 2, "z": 3})
    found = await scene.world.listing.find(RunFilter(attributes={"z": 3}), limit=9)
    equal([run.id for run in found.runs], ["a"])


@SETTLING.check()
async def settles_come_after_the_rest_of_a_batch(scene: Scene) -> None:
    """Advances, appends and settles of one batch build on one another, in this order."""
    await _claimed(scene)
    receipt = await scene.commit(
        settle("a", "work#1", "begun", then=Begun()),
        settle("a", "work#1", "done", then=Done()),
        append("a", "appended"),
        advance("a", "advanced"),
    )
    equal([one.fenced for one in receipt.settled], [False, False])
    equal(await scene.kinds("a"), ["run_created", "advanced", "appended", "begun", "done"])
    equal(receipt.nudged, ("a",))
    withdrawn = await scene.commit(
        advance("a", seen=5, dispatches=(dispatch("work#2"),)),
        advance("a", seen=5, withdraws=("work#2",)),
        settle("a", "work#2", "late", then=Done(), epoch=0),
    )
    true(withdrawn.settled[0].fenced, "the step was withdrawn")


@SETTLING.check()
async def what_is_done_is_not_dispatched_again(scene: Scene) -> None:
    """An owner may dispatch a step again that is in the queue, in the very batch in which the worker of
    the step tells its outcome: it is gone."""
    await _claimed(scene)
    again = advance("a", seen=1, dispatches=(dispatch("work#1"),))
    receipt = await scene.commit(again, settle("a", "work#1", "done", then=Done()))
    true(not receipt.settled[0].fenced, "the worker holds the step")
    scene.clock.move(2 * LEASE)
    equal(await scene.claimed_refs("other"), [])


@STEP_LEASES.check()
async def a_lease_that_ended_is_a_recovery(scene: Scene) -> None:
    """A step whose worker did not renew can be claimed when the lease is over; that is counted."""
    await _claimed(scene, "first")
    scene.clock.move(LEASE - 1)
    equal(await scene.claimed_refs("second"), [])
    scene.clock.move(1)
    for recoveries in (1, 2, 3):
        (claimed,) = await scene.claim_steps("second")
        equal((claimed.recoveries, claimed.epoch), (recoveries, recoveries + 1))
        equal(claimed.attempt, 1)
        scene.clock.move(LEASE)


@STEP_LEASES.check()
async def renewing_extends_what_is_named(scene: Scene) -> None:
    """`renew` moves the leases of those named steps that are the worker's, and of no others; it does
    not touch the runs of these steps."""
    await scene.commit(held("a"), held("b"))
    for run_id in "ab":
        await scene.dispatch(run_id, dispatch("work#1"), dispatch("work#2"))
    equal(len(await scene.claim_steps("me", limit=3)), 3)
    await scene.claim_steps("other")
    due_at = (await scene.run("a")).due_at
    scene.clock.move(LEASE - 1)
    named = (_WORK, StepKey("b", "work#1"), StepKey("b", "work#2"), StepKey("gone", "work#1"))
    await scene.world.claims.renew(heartbeat("me", steps=named))
    scene.clock.move(1)
    taken = [step.key for step in await scene.claim_steps("third")]
    equal(taken, [StepKey("a", "work#2"), StepKey("b", "work#2")])
    equal(await scene.world.steps.held("me"), frozenset({_WORK, StepKey("b", "work#1")}))
    equal((await scene.run("a")).due_at, due_at)
    scene.clock.move(LEASE - 2)
    equal(await scene.claimed_refs("third"), [])
    scene.clock.move(1)
    equal(await scene.claimed_refs("third"), ["work#1", "work#1"])


@STEP_LEASES.check()
async def who_stops_hands_back(scene: Scene) -> None:
    """The steps that an unregistered worker held are due at once, with no recovery counted, and it says
    no more of them."""
    await scene.register("me")
    await _claimed(scene)
    await scene.world.claims.unregister("me")
    equal(await scene.world.steps.held("me"), frozenset())
    true((await scene.settle("a", "work#1", "late", then=Done())).fenced, "it was handed back")
    (claimed,) = await scene.claim_steps("new")
    equal((claimed.key, claimed.recoveries, claimed.epoch), (_WORK, 0, 2))


@STEP_LEASES.check(needs="notices_death")
async def the_dead_are_reaped_at_once(scene: Scene) -> None:
    """The steps that a worker held that went away without a word are due at once, and their claims are
    recoveries; those of others stay."""
    await scene.register("me")
    await scene.create(held("b"))
    await scene.dispatch("b", dispatch("work#9"))
    equal(await scene.claimed_refs("me"), ["work#9"])
    async with scene.another() as other:
        await other.register("doomed")
        await _claimed(other, "doomed")
        equal(await scene.world.claims.reap(), 0)
        equal(await scene.claimed_refs("me"), [])
    equal(await scene.world.claims.reap(), 1)
    (claimed,) = await scene.claim_steps("me")
    equal((claimed.key, claimed.recoveries, claimed.epoch), (_WORK, 1, 2))
