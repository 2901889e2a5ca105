"""The owner writes, and nobody else does in its name."""

import json

from msgspec.structs import replace

from outlast._clock import SECOND
from outlast._model.runs import RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, raises, true
from outlast.testing.conformance.scene import LEASE, Scene, advance, append, draft, fact, held
from outlast.world import Advance, Advanced, Batch, End, Release, StoredEvent, Suspend

ADVANCING = Section("advancing")
FENCING = Section("fencing")

_DONE = End(status=RunStatus.COMPLETED)


@ADVANCING.check()
async def events_get_the_next_places(scene: Scene) -> None:
    """Events stand in the log in the order of writing, in dense places, at the time of the commit."""
    created = scene.clock.now()
    await scene.create(held("a"))
    scene.clock.move(SECOND)
    receipt = await scene.commit(advance("a", "one", "two"))
    equal(receipt.at, created + SECOND, "the time of the receipt")
    equal(receipt.advanced, (Advanced(fenced=False, position=3),))
    equal(await scene.kinds("a"), ["run_created", "one", "two"])
    equal([event.at - created for event in await scene.world.log.read("a")], [0, SECOND, SECOND])
    equal((await scene.run("a")).position, 3)


@ADVANCING.check()
async def answers_stand_in_the_order_of_the_batch(scene: Scene) -> None:
    """The answers of a receipt come in the order in which the parts of the batch were given."""
    await scene.commit(*(held(run_id) for run_id in "abc"))
    receipt = await scene.commit(
        *(advance(run_id, *["fact"] * count) for run_id, count in (("c", 3), ("a", 1), ("b", 2)))
    )
    equal([answer.position for answer in receipt.advanced], [4, 2, 3])


@ADVANCING.check()
async def one_run_several_times_in_a_batch(scene: Scene) -> None:
    """Parts of a batch that speak of one run build on each other: creation, advances, appends."""
    receipt = await scene.commit(
        held("a"), advance("a", "one"), advance("a", "two", seen=2), append("a", "three")
    )
    equal([answer.position for answer in receipt.advanced], [2, 3])
    equal([answer.position for answer in receipt.appended], [3])
    equal(receipt.nudged, ("a",), "the runs whose owners should look")
    equal(await scene.kinds("a"), ["run_created", "one", "two", "three"])
    equal((await scene.run("a")).position, 4)


@ADVANCING.check()
async def what_the_owner_missed_comes_back(scene: Scene) -> None:
    """An advance answers with what others have written since the owner looked, and goes after it."""
    await scene.create(held("a"))
    await scene.append("a", "hook_resumed", "cancel_requested")
    answer = await scene.advance("a", "mine")
    equal((answer.position, answer.kept), (4, True))
    equal([event.kind for event in answer.missed], ["hook_resumed", "cancel_requested"])
    equal([event.position for event in answer.missed], [1, 2])
    equal(answer.missed, (await scene.world.log.read("a", after=1, limit=2)))
    equal((await scene.advance("a", "more", seen=4)).missed, ())


@ADVANCING.check()
async def what_was_missed_in_the_same_batch_comes_back(scene: Scene) -> None:
    """What an earlier part of the batch has put into the log counts as missed."""
    await scene.create(held("a"))
    receipt = await scene.commit(advance("a", "one"), advance("a", "two"))
    equal([event.kind for event in receipt.advanced[1].missed], ["one"])
    equal(receipt.advanced[1].position, 3)


@ADVANCING.check()
async def what_was_written_is_not_written_again(scene: Scene) -> None:
    """Of a batch that comes again after an answer was lost, advances are written once, with their children."""
    await scene.create(held("a"))
    await scene.append("a", "from outside")
    asked = Batch(
        advances=(advance("a", "one", "two", children=(draft("child"),), attributes={"n": 1}),)
    )
    await scene.world.log.commit(asked)
    await scene.append("a", "later")
    (answer,) = (await scene.world.log.commit(replace(asked, again=True))).advanced
    equal((answer.fenced, answer.again, answer.kept, answer.position), (False, True, True, 5))
    equal([event.kind for event in answer.missed], ["from outside", "one", "two", "later"])
    kinds = ["run_created", "from outside", "one", "two", "later"]
    equal(await scene.kinds("a"), kinds)
    equal(await scene.kinds("child"), ["run_created"])
    equal((await scene.run("a")).attributes, {"n": 1})


@ADVANCING.check()
async def what_was_not_written_is_written_when_it_comes_again(scene: Scene) -> None:
    """Of a batch that comes again and had not been written, everything is."""
    await scene.create(held("a"))
    await scene.append("a", "one", "from outside")
    asked = Batch(advances=(advance("a", "one", "two"),), again=True)
    (answer,) = (await scene.world.log.commit(asked)).advanced
    equal((answer.again, answer.position), (False, 5))
    equal([event.kind for event in answer.missed], ["one", "from outside"])
    equal(await scene.kinds("a"), ["run_created", "one", "from outside", "one", "two"])


@ADVANCING.check()
async def an_end_that_was_written_is_fenced_when_it_comes_again(scene: Scene) -> None:
    """Whoever tries again to let go of a run, and had done so, is told that it holds the run no more."""
    await scene.create(held("a"))
    asked = Batch(advances=(advance("a", "over", then=_DONE),))
    await scene.world.log.commit(asked)
    (answer,) = (await scene.world.log.commit(replace(asked, again=True))).advanced
    true(answer.fenced, "it holds the run no more")
    equal(await scene.kinds("a"), ["run_created", "over"])


@ADVANCING.check()
async def an_empty_advance_is_a_look(scene: Scene) -> None:
    """An advance without events writes none, and tells what was missed."""
    await scene.create(held("a"))
    equal(await scene.advance("a"), Advanced(fenced=False, position=1))
    await scene.append("a", "news")
    answer = await scene.advance("a")
    equal((answer.position, [event.kind for event in answer.missed]), (2, ["news"]))


@ADVANCING.check()
async def bytes_come_back_as_they_were(scene: Scene) -> None:
    """The bytes of an event are kept exactly: white space, escapes, other scripts, a mebibyte."""
    texts = (
        '{"a":  1.50, "b" : [ ] }',
        json.dumps({"text": 'quo"te \\ \n \x00 \u2028'}),
        '{"text":"\\u0000 nul"}',
        '{"text":"né 漢字 🙂"}',
        '"' + "x" * 2**20 + '"',
        "",
    )
    await scene.create(held("a"))
    events = tuple([fact("step_completed", text) for text in texts])
    await scene.world.log.commit(
        Batch(advances=(Advance(run_id="a", epoch=1, seen=1, events=events),))
    )
    log = await scene.world.log.read("a", after=1)
    equal([event.data.decode() for event in log], list(texts))


@ADVANCING.check()
async def time_never_goes_back_in_a_log(scene: Scene) -> None:
    """Where the clock goes back, an event gets the time of its predecessor."""
    before = scene.clock.now()
    await scene.create(held("a"))
    scene.clock.move(-SECOND)
    await scene.commit(held("b"), advance("a", "late"))
    await scene.commit(append("a", "later"))
    equal({event.at for event in await scene.world.log.read("a")}, {before})
    equal([event.at for event in await scene.world.log.read("b")], [before - SECOND])
    scene.clock.move(2 * SECOND)
    await scene.advance("a", "on time", seen=3)
    equal((await scene.world.log.read("a", after=3))[0].at, before + SECOND)


@ADVANCING.check()
async def a_log_is_read_in_parts(scene: Scene) -> None:
    """`read` gives the events from a position on, at most as many as asked for."""
    await scene.create(held("a"))
    await scene.advance("a", *(f"fact-{place}" for place in range(1, 500)))
    read = scene.world.log.read
    whole = await read("a")
    equal([event.position for event in whole], list(range(500)))
    equal(await read("a", after=490), whole[490:])
    equal(await read("a", after=100, limit=7), whole[100:107])
    equal(
        (await read("a", after=500), await read("a", limit=0), await read("nobody")), ((), (), ())
    )


@ADVANCING.check()
async def the_end_is_recorded_and_final(scene: Scene) -> None:
    """A run that has ended is terminal, has no owner, is never due, and its log takes nothing."""
    await scene.create(held("a"))
    scene.clock.move(SECOND)
    answer = await scene.advance("a", "run_completed", then=_DONE)
    equal((answer.fenced, answer.kept, answer.position), (False, False, 2))
    run = await scene.run("a")
    equal((run.status, run.worker, run.due_at), (RunStatus.COMPLETED, None, None))
    equal(run.ended_at, scene.clock.now())
    true((await scene.advance("a", "more", seen=2)).fenced, "an advance after the end is refused")
    equal((await scene.append("a", "more")).position, None)
    scene.clock.move(100 * LEASE)
    equal(await scene.claimed_ids(), [])
    equal(await scene.kinds("a"), ["run_created", "run_completed"])


@ADVANCING.check()
async def an_end_that_missed_something_is_an_end(scene: Scene) -> None:
    """An end takes effect even if something came in between: it came too late."""
    await scene.create(held("a"))
    await scene.append("a", "cancel_requested")
    answer = await scene.advance("a", "run_completed", then=_DONE)
    equal((answer.kept, [event.kind for event in answer.missed]), (False, ["cancel_requested"]))
    equal(await scene.kinds("a"), ["run_created", "cancel_requested", "run_completed"])
    equal((await scene.run("a")).status, RunStatus.COMPLETED)


@ADVANCING.check()
async def a_batch_is_all_or_nothing(scene: Scene) -> None:
    """A batch with a part that cannot be carried out at all raises, and nothing of it is written."""
    await scene.create(held("a"))
    impossible = advance("a", "two", seen=2, then=End(status=RunStatus.SUSPENDED))
    await raises(ValueError, scene.commit(draft("b"), advance("a", "one"), impossible))
    equal(await scene.world.listing.get("b"), None)
    equal(await scene.kinds("a"), ["run_created"])
    equal((await scene.advance("a", "one")).position, 2)


@FENCING.check()
async def an_old_epoch_is_refused(scene: Scene) -> None:
    """An owner whose run was claimed by another writes nothing: no event, attribute or child."""
    await scene.create(held("a", "first"))
    scene.clock.move(LEASE)
    equal(await scene.claimed_ids("second"), ["a"])
    zombie = await scene.commit(
        advance("a", "stale", attributes={"stale": True}, children=(draft("child"),), then=_DONE)
    )
    true(zombie.advanced[0].fenced, "the old epoch is refused")
    run = await scene.run("a")
    equal((run.epoch, run.worker, run.attributes), (2, "second", {}))
    equal(run.status, RunStatus.RUNNING)
    equal(await scene.kinds("a"), ["run_created"])
    equal(await scene.world.listing.get("child"), None)
    true(not (await scene.advance("a", "new", epoch=2)).fenced, "the new epoch is not")


@FENCING.check()
async def a_refused_part_spoils_no_other(scene: Scene) -> None:
    """Of a batch with a refused advance the rest is written."""
    await scene.commit(held("a"), held("b"))
    receipt = await scene.commit(
        advance("a", "stale", epoch=7), advance("b", "good"), advance("nobody", "lost")
    )
    equal([answer.fenced for answer in receipt.advanced], [True, False, True])
    equal(
        (await scene.kinds("a"), await scene.kinds("b")), (["run_created"], ["run_created", "good"])
    )


@FENCING.check()
async def who_let_go_writes_no_more(scene: Scene) -> None:
    """After a suspension or release the same epoch is refused: nobody owns the run."""
    await scene.commit(held("a"), held("b"))
    await scene.commit(
        advance("a", then=Suspend(due_at=None, waiting=())), advance("b", then=Release())
    )
    receipt = await scene.commit(advance("a", "late"), advance("b", "late"))
    equal([answer.fenced for answer in receipt.advanced], [True, True])


@FENCING.check()
async def a_late_owner_may_still_write(scene: Scene) -> None:
    """A lease that has ended refuses nothing as long as nobody has claimed the run."""
    await scene.create(held("a"))
    scene.clock.move(100 * LEASE)
    true(not (await scene.advance("a", "late")).fenced, "the epoch is still the run's")


@FENCING.check()
async def of_two_owners_one_is_refused(scene: Scene) -> None:
    """Two epochs in one batch: the run's is written, the other is refused, in any order."""
    await scene.create(held("a", "first"))
    scene.clock.move(LEASE)
    await scene.claim("second")
    receipt = await scene.commit(
        advance("a", "stale"), advance("a", "new", epoch=2), advance("a", "stale")
    )
    equal([answer.fenced for answer in receipt.advanced], [True, False, True])
    log = await scene.world.log.read("a", after=1)
    equal([StoredEvent(e.position, 0, e.kind, b"") for e in log], [StoredEvent(1, 0, "new", b"")])
