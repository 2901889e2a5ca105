"""Steps go into the queue, are taken by workers, and are withdrawn."""

from outlast._clock import SECOND
from outlast._model.runs import RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, true
from outlast.testing.conformance.scene import LEASE, Scene, advance, dispatch, draft, held
from outlast.world import Begun, Block, ClaimedStep, Done, End, Release, StepKey, Suspend

DISPATCHING = Section("dispatching")
STEP_CLAIMS = Section("step_claims")

_WORK = frozenset({"work"})
_DEFAULT = ("default",)


@DISPATCHING.check()
async def a_dispatched_step_can_be_claimed(scene: Scene) -> None:
    """A dispatched step comes to a worker as it was asked for, with its run's workflow and
    attributes."""
    await scene.create(held("a", attributes={"x": 1}))
    data = '{"input": "é🙂 \\u0000"}'.encode()
    answer = await scene.dispatch(
        "a", dispatch("work#1", attempt=3, data=data), attributes={"y": "é"}
    )
    equal((answer.fenced, answer.missed, answer.position), (False, (), 1))
    (claimed,) = await scene.claim_steps("me")
    wanted = ClaimedStep(
        key=StepKey("a", "work#1"),
        name="work",
        epoch=1,
        attempt=3,
        recoveries=0,
        workflow="flow",
        attributes={"x": 1, "y": "é"},
        data=data,
    )
    equal(claimed, wanted)
    equal(await scene.claimed_refs("other"), [])
    equal(await scene.world.steps.held("me"), frozenset({claimed.key}))
    equal(await scene.world.steps.held("other"), frozenset())


@DISPATCHING.check()
async def the_owner_may_let_go(scene: Scene) -> None:
    """The run may be suspended, handed back or blocked in the same advance: its steps stay."""
    await scene.commit(held("a"), held("b"), held("c"))
    await scene.dispatch("a", dispatch("work#1"), then=Suspend(due_at=None, waiting=()))
    await scene.dispatch("b", dispatch("work#2"), then=Release())
    await scene.dispatch("c", dispatch("work#3"), then=Block(problem="?", digest="d"))
    equal((await scene.run("a")).status, RunStatus.SUSPENDED)
    equal(await scene.claimed_refs(), ["work#1", "work#2", "work#3"])


@DISPATCHING.check()
async def dispatching_again_changes_nothing(scene: Scene) -> None:
    """A step that is in the queue already stays as it is, claimed or not. Another run may have one of
    the same ref."""
    await scene.commit(held("a"), held("b"))
    await scene.dispatch("a", dispatch("work#1"))
    await scene.dispatch("a", dispatch("work#1", queue="slow", attempt=2))
    (claimed,) = await scene.claim_steps("me")
    equal((claimed.attempt, claimed.epoch), (1, 1))
    await scene.dispatch("a", dispatch("work#1"), dispatch("work#1", attempt=9))
    await scene.dispatch("b", dispatch("work#1"))
    (other,) = await scene.claim_steps("other", queues=("default", "slow"))
    equal(other.key, StepKey("b", "work#1"))
    true(not (await scene.settle("a", "work#1", then=Begun())).fenced, "the step is held as it was")


@DISPATCHING.check()
async def nothing_is_dispatched_if_something_was_missed(scene: Scene) -> None:
    """Steps are dispatched only by an owner that has seen the whole log; its events are written all the
    same, and what it withdraws is withdrawn."""
    await scene.create(held("a"))
    await scene.dispatch("a", dispatch("work#1"))
    await scene.append("a", "news")
    answer = await scene.dispatch("a", dispatch("work#2"), withdraws=("work#1",))
    equal((answer.kept, [event.kind for event in answer.missed]), (True, ["news"]))
    equal(await scene.claimed_refs(), [])
    await scene.dispatch("a", dispatch("work#2"), seen=2)
    equal(await scene.claimed_refs(), ["work#2"])


@DISPATCHING.check()
async def who_is_fenced_dispatches_nothing(scene: Scene) -> None:
    """An old owner neither dispatches nor withdraws."""
    await scene.create(held("a"))
    await scene.dispatch("a", dispatch("work#1"))
    true((await scene.dispatch("a", dispatch("work#2"), epoch=9)).fenced, "the epoch is wrong")
    true((await scene.advance("a", withdraws=("work#1",), epoch=9)).fenced, "the epoch is wrong")
    equal(await scene.claimed_refs(), ["work#1"])


@DISPATCHING.check()
async def withdrawing_takes_out(scene: Scene) -> None:
    """A withdrawn step is gone, claimed or not; whoever works on it holds it no longer, and what it
    says is refused. Withdrawing what is not there is fine."""
    await scene.create(held("a"))
    await scene.dispatch("a", dispatch("work#1"), dispatch("work#2"), dispatch("work#3"))
    equal(await scene.claimed_refs("me", limit=1), ["work#1"])
    for _ in range(2):
        await scene.advance("a", withdraws=("work#1", "work#2", "nothing#1"))
    equal(await scene.world.steps.held("me"), frozenset())
    true((await scene.settle("a", "work#1", "late", then=Done())).fenced, "it was withdrawn")
    equal(await scene.claimed_refs(), ["work#3"])
    equal(await scene.kinds("a"), ["run_created"])


@DISPATCHING.check()
async def what_is_dispatched_and_withdrawn_is_not_there(scene: Scene) -> None:
    """In one batch, and in one advance, a step that is dispatched and withdrawn never comes up; one that is
    withdrawn and then dispatched is new."""
    await scene.create(held("a"))
    await scene.commit(
        advance("a", dispatches=(dispatch("work#1"), dispatch("work#2")), withdraws=("work#1",)),
        advance("a", withdraws=("work#2",)),
        advance("a", dispatches=(dispatch("work#3", attempt=1),)),
    )
    (claimed,) = await scene.claim_steps()
    equal(claimed.key.ref, "work#3")
    await scene.commit(
        advance("a", withdraws=("work#3",)),
        advance("a", dispatches=(dispatch("work#3", attempt=2),)),
    )
    (claimed,) = await scene.claim_steps()
    equal((claimed.key.ref, claimed.attempt, claimed.recoveries), ("work#3", 2, 0))


@DISPATCHING.check()
async def an_end_withdraws_all(scene: Scene) -> None:
    """A run that ends has nothing in the queue; other runs keep theirs. That its steps are claimed, or
    that something was missed, does not matter."""
    await scene.commit(held("a"), held("b"))
    for run_id in "ab":
        await scene.dispatch(run_id, dispatch("work#1"), dispatch("work#2"))
    await scene.claim_steps("me", limit=1)
    await scene.append("a", "news")
    await scene.advance("a", "run_completed", then=End(status=RunStatus.COMPLETED))
    equal(await scene.world.steps.held("me"), frozenset())
    true((await scene.settle("a", "work#1", "late", then=Done())).fenced, "its run has ended")
    equal([step.key.run_id for step in await scene.claim_steps()], ["b", "b"])
    end = End(status=RunStatus.FAILED)
    await scene.advance("b", "run_failed", then=end, dispatches=(dispatch("work#3"),))
    equal(await scene.claimed_refs(), [])
    scene.clock.move(2 * LEASE)
    equal(await scene.claimed_refs(), [])


@STEP_CLAIMS.check()
async def the_highest_priority_goes_first(scene: Scene) -> None:
    """Due steps are taken by priority, then by the time since which they are due, then as they were
    dispatched."""
    await scene.commit(held("a"), held("b"))
    for number, priority in enumerate((0, -5, 9, 0, 9)):
        await scene.dispatch("a", dispatch(f"work#{number}", priority=priority))
        scene.clock.move(1)
    await scene.commit(
        advance("b", dispatches=(dispatch("z", priority=9),)),
        advance("a", dispatches=(dispatch("y", priority=9), dispatch("x", priority=9))),
    )
    equal(await scene.claimed_refs(limit=4), ["work#2", "work#4", "z", "y"])
    equal(await scene.claimed_refs(limit=2), ["x", "work#0"])
    equal(await scene.claimed_refs(), ["work#3", "work#1"])


@STEP_CLAIMS.check()
async def delayed_steps_wait(scene: Scene) -> None:
    """A step is not claimed before its delay is over; a high priority does not help."""
    await scene.create(held("a"))
    await scene.dispatch("a", dispatch("later", delay=5 * SECOND, priority=9), dispatch("now"))
    equal(await scene.claimed_refs(), ["now"])
    scene.clock.move(5 * SECOND - 1)
    equal(await scene.claimed_refs(), [])
    scene.clock.move(1)
    equal(await scene.claimed_refs(), ["later"])


@STEP_CLAIMS.check()
async def queues_and_names_are_apart(scene: Scene) -> None:
    """A worker takes steps of its queues that it knows, and leaves alone all others; they hold up
    nobody. The queue of the run does not matter."""
    await scene.create(held("a", queue="elsewhere"))
    await scene.dispatch("a", *(dispatch(f"x#{n}", name="x", priority=n % 3) for n in range(50)))
    await scene.dispatch(
        "a",
        dispatch("work#1"),
        dispatch("work#2", queue="gpu"),
        dispatch("y#1", name="y", queue="gpu", priority=1),
    )
    equal(await scene.claimed_refs(queues=()), [])
    equal(await scene.claimed_refs(steps=()), [])
    equal(await scene.claimed_refs(queues=("default",)), ["work#1"])
    equal(await scene.claimed_refs(steps=("work", "y"), queues=("gpu", "gpu")), ["y#1", "work#2"])
    equal(len(await scene.claim_steps(steps=("x",), limit=7)), 7)


@STEP_CLAIMS.check()
async def steps_and_runs_are_apart(scene: Scene) -> None:
    """Who claims runs gets no steps, and the other way round, whatever the names."""
    await scene.commit(draft("a"), held("b"))
    await scene.dispatch("b", dispatch("flow#1", name="flow"))
    equal(await scene.claimed_ids("me"), ["a"])
    equal(await scene.claimed_refs("me", steps=("flow",)), ["flow#1"])


@STEP_CLAIMS.check()
async def next_due_is_the_earliest(scene: Scene) -> None:
    """`next_due` tells when such a worker could next claim: also a lease's end, also the past."""
    now = scene.clock.now()
    next_due = scene.world.steps.next_due
    equal(await next_due(_WORK, _DEFAULT), None)
    await scene.create(held("a"))
    await scene.dispatch(
        "a",
        dispatch("work#1", delay=9 * SECOND),
        dispatch("work#2", delay=5 * SECOND, priority=-1),
        dispatch("other#1", delay=SECOND, name="other"),
        dispatch("work#3", delay=SECOND, queue="gpu"),
    )
    equal(await next_due(_WORK, _DEFAULT), now + 5 * SECOND)
    equal(await next_due(frozenset({"work", "other"}), _DEFAULT), now + SECOND)
    equal(await next_due(_WORK, ("default", "gpu")), now + SECOND)
    equal(await next_due(frozenset(), _DEFAULT), None)
    scene.clock.move(20 * SECOND)
    equal(await next_due(_WORK, _DEFAULT), now + 5 * SECOND)
    await scene.claim_steps()
    equal(await next_due(_WORK, _DEFAULT), now + 20 * SECOND + LEASE)


@STEP_CLAIMS.check(needs="shared")
async def a_step_is_claimed_once(scene: Scene) -> None:
    """Two workers that claim in turns through two world objects never get the same step, and together
    get all."""
    await scene.create(held("a"))
    await scene.dispatch("a", *(dispatch(f"work#{n:03}") for n in range(100)))
    taken: list[str] = []
    async with scene.another() as other:
        while more := [
            *await scene.claimed_refs("x", limit=7),
            *await other.claimed_refs("y", limit=5),
        ]:
            taken += more
    equal(sorted(taken), [f"work#{n:03}" for n in range(100)])
