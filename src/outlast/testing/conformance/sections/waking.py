"""Claiming with a commit the runs that it wakes."""

from typing import Any

from outlast._clock import SECOND
from outlast._model.runs import Parent, RunStatus, Waiting
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, true
from outlast.testing.conformance.scene import (
    LEASE,
    Scene,
    advance,
    append,
    dispatch,
    draft,
    fact,
    held,
    settle,
)
from outlast.testing.conformance.sections.hooking import opening, payload
from outlast.world import (
    Advance,
    Append,
    Batch,
    Block,
    Claim,
    ClaimRequest,
    Deliver,
    Done,
    End,
    Receipt,
    RunDraft,
    Settle,
    Suspend,
)

WAKING = Section("waking")


def wish(
    *,
    workflows: tuple[str, ...] = ("flow",),
    queues: tuple[str, ...] = ("default",),
    limit: int = 9,
) -> ClaimRequest:
    """What a worker takes."""
    return ClaimRequest(
        claim=Claim("waker", LEASE), workflows=frozenset(workflows), queues=queues, limit=limit
    )


async def write(
    scene: Scene, *parts: RunDraft | Advance | Append | Settle | Deliver, claim: ClaimRequest
) -> Receipt:
    """Write the parts in one batch that claims what it wakes."""
    return await scene.world.log.commit(
        Batch(
            creates=tuple([part for part in parts if isinstance(part, RunDraft)]),
            advances=tuple([part for part in parts if isinstance(part, Advance)]),
            appends=tuple([part for part in parts if isinstance(part, Append)]),
            settles=tuple([part for part in parts if isinstance(part, Settle)]),
            deliveries=tuple([part for part in parts if isinstance(part, Deliver)]),
            claim=claim,
        )
    )


async def asleep(scene: Scene, run_id: str, *kinds: str, **fields: Any) -> None:
    """A run that is suspended, at epoch 1."""
    await scene.create(held(run_id, **fields))
    wait = Waiting(kind="wait", ref="sleep#1", until=2**52)
    await scene.advance(run_id, *kinds, then=Suspend(due_at=2**52, waiting=(wait,)))


def ids(receipt: Receipt) -> list[str]:
    """The runs that were claimed."""
    return [one.run.id for one in receipt.claimed]


@WAKING.check()
async def a_woken_run_is_claimed_with_the_commit(scene: Scene) -> None:
    """The run comes with its row as it is after the claim and with its whole log, what has woken it included; nobody
    else can claim it."""
    await scene.register("waker")
    await asleep(scene, "a", "fact", attributes={"tenant": "acme"})
    scene.clock.move(SECOND)
    receipt = await write(scene, append("a", "news"), claim=wish())
    (claimed,) = receipt.claimed
    equal(claimed.run, await scene.run("a"))
    run = claimed.run
    equal((run.status, run.epoch, run.worker), (RunStatus.RUNNING, 2, "waker"))
    equal((run.due_at, run.position), (scene.clock.now() + LEASE, 3))
    equal((run.recoveries, run.waiting, run.attributes), (0, (), {"tenant": "acme"}))
    equal(claimed.events, await scene.world.log.read("a"))
    equal([event.kind for event in claimed.events], ["run_created", "fact", "news"])
    equal(await scene.claimed_ids("other"), [])
    equal((await scene.advance("a", "more", seen=3, epoch=2)).position, 4)
    equal((receipt.nudged, await scene.world.claims.nudged("waker")), ((), ()))


@WAKING.check()
async def a_payload_wakes_and_claims_once(scene: Scene) -> None:
    """All payloads of the batch are in the log that comes with the claim; what comes again claims nothing."""
    await scene.create(held("a"))
    await scene.advance("a", opens=(opening("hook#1", "T"),))
    await scene.advance("a", seen=2, then=Suspend(due_at=None, waiting=()))
    first, second = (
        Deliver(token="T", run_id="a", ref="hook#1", event=payload(value), key=f"{value}")  # noqa: S106 - no secret
        for value in (1, 2)
    )
    receipt = await write(scene, first, second, claim=wish())
    equal([one.position for one in receipt.delivered], [2, 3])
    (claimed,) = receipt.claimed
    equal([event.data for event in claimed.events[2:]], [payload(1).data, payload(2).data])
    equal(claimed.run.epoch, 2)
    again = await write(scene, first, claim=wish())
    equal((again.delivered[0].duplicate, again.claimed), (True, ()))
    equal((await scene.run("a")).epoch, 2)


@WAKING.check()
async def what_was_looked_at_may_have_changed(scene: Scene) -> None:
    """Whoever delivers has looked at the hook before. What has become of it, of its run and of the key since then is
    what counts."""
    opens = (opening("hook#1", "T"), opening("hook#2", "U"), opening("hook#3", "V"))
    await scene.create(held("a"))
    await scene.advance("a", opens=opens)
    await scene.advance("a", seen=4, then=Suspend(due_at=None, waiting=()))
    first, second, third = [
        Deliver(token=hook.token, run_id="a", ref=hook.ref, event=payload(1), key="k")
        for hook in opens
    ]
    for hook in opens:
        await scene.world.listing.hook(hook.token)
    equal((await write(scene, first, claim=wish())).delivered[0].position, 4)
    receipt = await write(
        scene, second, claim=wish()
    )  # the run is awake by now, and its log longer
    equal((receipt.delivered[0].position, receipt.nudged, receipt.claimed), (5, ("a",), ()))
    await scene.advance("a", epoch=2, seen=6, disposes=("hook#3",))
    equal((await write(scene, third, claim=wish())).delivered[0].position, None)
    await scene.advance("a", epoch=2, seen=6, then=Suspend(due_at=None, waiting=()))
    await scene.world.listing.hook("T")
    again = await write(scene, first, claim=wish())  # the same key
    equal((again.delivered[0].duplicate, again.claimed), (True, ()))
    await scene.world.listing.hook("T")
    await scene.world.log.commit(Batch(appends=(append("a", "news"),)))
    other = Deliver(token="T", run_id="a", ref="hook#1", event=payload(2), key="l")  # noqa: S106 - no secret
    receipt = await write(scene, other, claim=wish())
    equal((receipt.delivered[0].position, ids(receipt)), (7, ["a"]))


@WAKING.check()
async def whoever_is_awake_or_over_is_not_claimed(scene: Scene) -> None:
    """A run that somebody holds is nudged; one that has ended, or is not there, is left alone."""
    await scene.commit(held("a"), held("b"))
    await scene.advance("b", then=End(status=RunStatus.COMPLETED))
    parts = [append(run_id, "news") for run_id in ("a", "b", "none")]
    receipt = await write(scene, *parts, claim=wish())
    equal((receipt.claimed, receipt.nudged), ((), ("a",)))
    equal((await scene.run("a")).epoch, 1)


@WAKING.check()
async def only_what_the_worker_serves_is_claimed(scene: Scene) -> None:
    """Other workflows, other queues and what is above the limit are due for others; what was due already and is
    not woken stays where it is."""
    await asleep(scene, "workflow", workflow="another")
    await asleep(scene, "queue", queue="gpu")
    for run_id in ("a", "b", "c"):
        await asleep(scene, run_id)
    await scene.create(draft("due"))
    parts = [append(run_id, "news") for run_id in ("workflow", "queue", "b", "c", "a")]
    receipt = await write(scene, *parts, claim=wish(limit=2))
    equal(ids(receipt), ["b", "c"])
    everything = await scene.claimed_ids(
        "other", workflows=("flow", "another"), queues=("default", "gpu")
    )
    equal(sorted(everything), ["a", "due", "queue", "workflow"])


@WAKING.check()
async def a_delayed_or_blocked_run_is_claimed_too(scene: Scene) -> None:
    """What an append makes due is claimed, whatever it has waited for."""
    await scene.commit(draft("delayed", delay=2**40), held("blocked"))
    await scene.advance("blocked", then=Block(problem="odd", digest="d"))
    receipt = await write(scene, append("delayed", "news"), append("blocked"), claim=wish())
    equal(ids(receipt), ["delayed", "blocked"])
    delayed, blocked = [one.run for one in receipt.claimed]
    equal((delayed.epoch, delayed.started_at), (1, scene.clock.now()))
    equal((blocked.epoch, blocked.problem, blocked.blocked_digest), (2, None, None))


@WAKING.check()
async def a_parent_is_claimed_when_its_child_ends(scene: Scene) -> None:
    """The end of a child wakes its parent, and so does the outcome of a dispatched step."""
    await asleep(scene, "parent")
    parent = Parent(run_id="parent", ref="child#1")
    await scene.commit(held("child", parent=parent), held("asker"))
    await scene.dispatch("asker", dispatch("work#1"))
    await scene.advance("asker", then=Suspend(due_at=None, waiting=()))
    await scene.claim_steps()
    end = End(
        status=RunStatus.COMPLETED,
        notify=Append(run_id="parent", events=(fact("child_completed"),)),
    )
    receipt = await write(
        scene,
        advance("child", "run_completed", then=end),
        settle("asker", "work#1", "step_completed", then=Done()),
        claim=wish(),
    )
    equal(sorted(ids(receipt)), ["asker", "parent"])
    logs = {one.run.id: [event.kind for event in one.events] for one in receipt.claimed}
    equal(logs["parent"], ["run_created", "child_completed"])
    equal(logs["asker"], ["run_created", "step_completed"])


@WAKING.check()
async def who_lets_go_and_is_woken_at_once_is_claimed(scene: Scene) -> None:
    """A run whose owner suspends it in the batch that wakes it is claimed anew, and the old epoch is refused."""
    await scene.create(held("a"))
    suspending = advance("a", "fact", then=Suspend(due_at=None, waiting=()))
    receipt = await write(scene, suspending, append("a", "news"), claim=wish())
    true(not receipt.advanced[0].kept, "the owner has let go")
    equal([(one.run.epoch, one.run.position) for one in receipt.claimed], [(2, 3)])
    true((await scene.advance("a", "late", seen=2)).fenced, "the old epoch is refused")


@WAKING.check()
async def nothing_is_claimed_that_was_not_woken(scene: Scene) -> None:
    """A batch that only creates and advances claims nothing, due or not."""
    await scene.create(held("a"))
    receipt = await write(scene, draft("b"), advance("a", "fact"), claim=wish())
    equal(receipt.claimed, ())
    equal((await scene.run("b")).status, RunStatus.PENDING)


@WAKING.check()
async def a_commit_that_comes_again_is_written_once(scene: Scene) -> None:
    """An earlier try of the batch has claimed the run: nothing is written, and nobody's epoch is raised."""
    await asleep(scene, "a")
    await write(scene, append("a", "news"), claim=wish())
    again = Batch(appends=(append("a", "news"),), claim=wish(), again=True)
    receipt = await scene.world.log.commit(again)
    equal((receipt.appended[0].position, receipt.claimed), (1, ()))
    equal((await scene.run("a")).epoch, 2)
    equal(await scene.kinds("a"), ["run_created", "news"])
