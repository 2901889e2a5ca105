"""Parents and children."""

from outlast._model.runs import Parent, RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, true
from outlast.testing.conformance.scene import Scene, advance, append, draft, held
from outlast.world import End, Suspend

CHILDREN = Section("children")
NOTIFYING = Section("notifying")


def _end(parent: str, kind: str = "child_completed") -> End:
    return End(status=RunStatus.COMPLETED, notify=append(parent, kind))


@CHILDREN.check()
async def a_child_starts_with_its_parents_advance(scene: Scene) -> None:
    """Children are created in the transaction of the advance, and know their parent."""
    await scene.create(held("p"))
    child = draft("c", parent=Parent("p", "child#1"), attributes={"of": "p"}, priority=2)
    await scene.advance("p", "child_started", children=(child,))
    run = await scene.run("c")
    equal(
        (run.parent, run.status, run.attributes),
        (Parent("p", "child#1"), RunStatus.PENDING, {"of": "p"}),
    )
    equal(await scene.kinds("c"), ["run_created"])
    equal(await scene.claimed_ids(), ["c"])


@CHILDREN.check()
async def a_child_that_exists_is_left_alone(scene: Scene) -> None:
    """A child that exists already is not created again; the advance is written all the same."""
    await scene.commit(held("p"), held("c", workflow="mine"))
    answer = await scene.advance("p", "child_started", children=(draft("c"), draft("d")))
    equal((answer.fenced, answer.position), (False, 2))
    equal((await scene.run("c")).workflow, "mine")
    equal((await scene.run("d")).workflow, "flow")


@CHILDREN.check()
async def a_child_may_advance_in_the_same_batch(scene: Scene) -> None:
    """What is created by one part of a batch is there for the parts after it."""
    await scene.create(held("p"))
    receipt = await scene.commit(
        advance("p", "child_started", children=(held("c"),)),
        advance("c", "step_completed"),
        append("c", "news"),
    )
    equal([answer.fenced for answer in receipt.advanced], [False, False])
    equal(await scene.kinds("c"), ["run_created", "step_completed", "news"])


@NOTIFYING.check()
async def an_end_is_told_to_a_suspended_parent(scene: Scene) -> None:
    """A child's end and the event in its parent's log are one transaction; the parent is due."""
    await scene.commit(held("p"), held("c"))
    await scene.advance("p", then=Suspend(due_at=None, waiting=()))
    receipt = await scene.commit(advance("c", "run_completed", then=_end("p")))
    equal(receipt.nudged, (), "the runs whose owners should look")
    equal(await scene.kinds("p"), ["run_created", "child_completed"])
    equal(await scene.claimed_ids(), ["p"])


@NOTIFYING.check()
async def an_end_nudges_the_owner_of_the_parent(scene: Scene) -> None:
    """A parent that is held gets the event, and its owner is nudged."""
    await scene.commit(held("p", "boss"), held("c"))
    receipt = await scene.commit(advance("c", "run_completed", then=_end("p")))
    equal(receipt.nudged, ("p",), "the runs whose owners should look")
    equal(await scene.world.claims.nudged("boss"), ("p",))
    answer = await scene.advance("p")
    equal([event.kind for event in answer.missed], ["child_completed"])
    equal(await scene.world.claims.nudged("boss"), ())


@NOTIFYING.check()
async def a_parent_that_is_over_hears_nothing(scene: Scene) -> None:
    """The end of a child of an ended or unknown parent is just an end."""
    await scene.commit(held("p"), held("c"), held("d"))
    await scene.commit(
        advance("p", then=End(status=RunStatus.CANCELLED)),
        advance("c", then=_end("p")),
        advance("d", then=_end("nobody")),
    )
    equal(await scene.kinds("p"), ["run_created"])
    for run_id in "cd":
        equal((await scene.run(run_id)).status, RunStatus.COMPLETED)


@NOTIFYING.check()
async def siblings_end_in_one_batch(scene: Scene) -> None:
    """Several children that end at once, with the parent's own advance among them, get dense places;
    the parent's advance hears of those before it."""
    await scene.commit(held("p"), *(held(run_id) for run_id in "abc"))
    receipt = await scene.commit(
        advance("a", then=_end("p", "a_ended")),
        advance("b", then=_end("p", "b_ended")),
        advance("p", "mine", then=Suspend(due_at=None, waiting=())),
        advance("c", then=_end("p", "c_ended")),
    )
    mine = receipt.advanced[2]
    equal([event.kind for event in mine.missed], ["a_ended", "b_ended"])
    true(mine.kept, "the parent missed something, so it is not suspended")
    equal(await scene.kinds("p"), ["run_created", "a_ended", "b_ended", "mine", "c_ended"])
    equal(receipt.nudged, ("p",), "the runs whose owners should look")


@NOTIFYING.check()
async def an_owner_that_was_told_is_not_nudged(scene: Scene) -> None:
    """A notice before the parent's own advance in one batch comes back in that advance: no nudge."""
    await scene.commit(held("p", "boss"), held("c"))
    receipt = await scene.commit(advance("c", then=_end("p")), advance("p", "mine"))
    equal([event.kind for event in receipt.advanced[1].missed], ["child_completed"])
    equal(receipt.nudged, (), "the runs whose owners should look")
    equal(await scene.world.claims.nudged("boss"), ())


@NOTIFYING.check()
async def a_refused_end_tells_nobody(scene: Scene) -> None:
    """The end of an owner that has lost its run puts nothing into the parent's log."""
    await scene.commit(held("p"), held("c"))
    await scene.commit(advance("c", epoch=9, then=_end("p")))
    equal(await scene.kinds("p"), ["run_created"])


@NOTIFYING.check()
async def attributes_ride_on_the_notice(scene: Scene) -> None:
    """A notice is an append: its attributes are merged too."""
    await scene.commit(held("p", attributes={"x": 1}), held("c"))
    notice = End(status=RunStatus.FAILED, notify=append("p", "child_failed", attributes={"y": 2}))
    await scene.advance("c", then=notice)
    equal((await scene.run("p")).attributes, {"x": 1, "y": 2})
