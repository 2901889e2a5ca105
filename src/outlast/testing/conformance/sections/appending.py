"""Others write into the log of a run."""

from msgspec.structs import replace

from outlast._clock import SECOND
from outlast._model.runs import RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal
from outlast.testing.conformance.scene import Scene, advance, append, draft, held
from outlast.world import Appended, Batch, Block, End, Suspend

APPENDING = Section("appending")

_FOR_EVER = Suspend(due_at=None, waiting=())


@APPENDING.check()
async def it_gets_the_next_place(scene: Scene) -> None:
    """An append answers with the place of its first event and the status of the run."""
    await scene.create(draft("a"))
    equal(await scene.append("a", "one", "two"), Appended(1, RunStatus.PENDING))
    equal(await scene.append("a", "three"), Appended(3, RunStatus.PENDING))
    equal(await scene.kinds("a"), ["run_created", "one", "two", "three"])


@APPENDING.check()
async def nothing_goes_to_no_run(scene: Scene) -> None:
    """An append to an unknown run answers that there is none."""
    equal(await scene.append("nobody", "one"), Appended(None, None))
    equal(await scene.world.log.read("nobody"), ())


@APPENDING.check()
async def nothing_goes_to_an_ended_run(scene: Scene) -> None:
    """An append to a run that has ended writes nothing, and tells how the run ended."""
    await scene.create(held("a"))
    receipt = await scene.commit(
        advance("a", "run_failed", then=End(status=RunStatus.FAILED)),
        append("a", "late", attributes={"late": True}),
    )
    equal(receipt.appended, (Appended(None, RunStatus.FAILED),))
    equal(await scene.append("a", "later"), Appended(None, RunStatus.FAILED))
    equal(await scene.kinds("a"), ["run_created", "run_failed"])
    equal((await scene.run("a")).attributes, {})


@APPENDING.check()
async def it_wakes_a_suspended_run(scene: Scene) -> None:
    """A suspended run to which something is appended is due at once."""
    await scene.create(held("a"))
    await scene.advance("a", then=_FOR_EVER)
    scene.clock.move(SECOND)
    equal(await scene.append("a", "hook_resumed"), Appended(1, RunStatus.SUSPENDED))
    run = await scene.run("a")
    equal((run.status, run.due_at), (RunStatus.SUSPENDED, scene.clock.now()))
    equal(await scene.claimed_ids(), ["a"])


@APPENDING.check()
async def it_wakes_in_the_batch_that_suspends(scene: Scene) -> None:
    """An append in the batch of the suspension comes after it, and wakes the run."""
    await scene.create(held("a"))
    receipt = await scene.commit(advance("a", then=_FOR_EVER), append("a", "hook_resumed"))
    equal((receipt.advanced[0].kept, receipt.nudged), (False, ()))
    equal(await scene.claimed_ids(), ["a"])


@APPENDING.check()
async def it_wakes_a_blocked_run(scene: Scene) -> None:
    """A blocked run to which something is appended is due, and blocked until it is claimed."""
    await scene.create(held("a"))
    await scene.advance("a", then=Block(problem="changed", digest="1"))
    await scene.append("a", "wake_requested")
    equal((await scene.run("a")).status, RunStatus.BLOCKED)
    equal(await scene.claimed_ids(), ["a"])


@APPENDING.check()
async def it_ends_a_delay(scene: Scene) -> None:
    """A run that is not due yet is due at once when something is appended to it."""
    await scene.create(draft("a", delay=100 * SECOND))
    await scene.append("a", "cancel_requested")
    equal(await scene.claimed_ids(), ["a"])


@APPENDING.check()
async def it_costs_no_place_in_the_queue(scene: Scene) -> None:
    """A run that was due already stays due since then."""
    due_at = scene.clock.now()
    await scene.create(draft("a"))
    scene.clock.move(SECOND)
    await scene.append("a", "news")
    equal((await scene.run("a")).due_at, due_at)


@APPENDING.check()
async def it_nudges_the_owner(scene: Scene) -> None:
    """A held run stays held and is nudged, until its owner has been told in an advance."""
    await scene.commit(held("a", "me"), held("b", "me"), held("c", "other"), draft("d"))
    due_at = (await scene.run("a")).due_at
    receipt = await scene.commit(append("a", "news"), append("c", "news"), append("d", "news"))
    equal(sorted(receipt.nudged), ["a", "c"], "the runs whose owners should look")
    equal((await scene.run("a")).due_at, due_at)
    nudged = scene.world.claims.nudged
    equal((await nudged("me"), await nudged("other"), await nudged("nobody")), (("a",), ("c",), ()))
    equal((await scene.commit(advance("a"))).nudged, ())
    equal((await nudged("me"), await nudged("other")), ((), ("c",)))


@APPENDING.check()
async def a_nudge_ends_with_the_claim(scene: Scene) -> None:
    """Who claims a run knows its whole log; the old owner's nudge is over."""
    await scene.create(held("a", "old"))
    await scene.append("a", "news")
    scene.clock.move(1000 * SECOND)
    (claimed,) = await scene.claim("new")
    equal([event.kind for event in claimed.events], ["run_created", "news"])
    for worker in ("old", "new"):
        equal(await scene.world.claims.nudged(worker), ())


@APPENDING.check()
async def attributes_alone_are_an_append(scene: Scene) -> None:
    """An append without events merges its attributes and takes no place."""
    await scene.create(draft("a", attributes={"x": 1}))
    equal(await scene.append("a", attributes={"y": 2}), Appended(1, RunStatus.PENDING))
    equal((await scene.run("a")).attributes, {"x": 1, "y": 2})
    equal(await scene.kinds("a"), ["run_created"])


@APPENDING.check()
async def what_was_appended_is_not_appended_again(scene: Scene) -> None:
    """Of a batch that comes again after an answer was lost, appends are written once; their answers are those
    of the first time."""
    await scene.commit(draft("a"), held("b"), draft("c"))
    asked = Batch(
        appends=(
            append("a", "one", "two", attributes={"n": 1}),
            append("b", "three"),
            append("a", "four"),
            append("nobody", "five"),
        )
    )
    first = (await scene.world.log.commit(asked)).appended
    await scene.append("a", "later", attributes={"n": 2})
    batch = replace(asked, appends=(*asked.appends, append("c", "new")), again=True)
    *again, new = (await scene.world.log.commit(batch)).appended
    equal([one.position for one in again], [one.position for one in first])
    equal(new, Appended(1, RunStatus.PENDING))
    equal(await scene.kinds("a"), ["run_created", "one", "two", "four", "later"])
    equal(await scene.kinds("b"), ["run_created", "three"])
    equal((await scene.run("a")).attributes, {"n": 2})


@APPENDING.check()
async def what_was_appended_before_the_end_was_not_too_late(scene: Scene) -> None:
    """An append that comes again is told where it is, also if the run has ended meanwhile; one that was not
    written is too late."""
    await scene.create(held("a"))
    asked = Batch(appends=(append("a", "asked"),))
    await scene.world.log.commit(asked)
    await scene.advance("a", "run_failed", then=End(status=RunStatus.FAILED))
    batch = Batch(appends=(*asked.appends, append("a", "late")), again=True)
    answers = (await scene.world.log.commit(batch)).appended
    equal(answers, (Appended(1, RunStatus.FAILED), Appended(None, RunStatus.FAILED)))
    equal(await scene.kinds("a"), ["run_created", "asked", "run_failed"])
