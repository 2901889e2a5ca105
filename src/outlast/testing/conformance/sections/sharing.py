"""Several users at once, news of one another, and faults."""

import asyncio
from collections import Counter

from outlast._model.runs import RunStatus
from outlast.errors import WorldError
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, raises, true
from outlast.testing.conformance.scene import Scene, advance, append, draft, held
from outlast.world import Batch, End, RunFilter

NEWS = Section("news")
RACES = Section("races")
FAULTS = Section("faults")

_PATIENCE = 20  # seconds, in which nothing that works takes as long


@NEWS.check(needs="shared")
async def a_write_of_another_is_news(scene: Scene) -> None:
    """`changed` returns a later mark after another user of the storage has written."""
    news = scene.world.news
    async with scene.another() as other:
        for number in range(3):
            mark = news.mark()
            waiting = asyncio.ensure_future(news.changed(mark))
            await other.create(draft(f"r{number}"))
            true(await asyncio.wait_for(waiting, _PATIENCE) > mark, "the new mark is later")


@NEWS.check(needs="shared")
async def a_write_before_the_waiting_is_news(scene: Scene) -> None:
    """A write after `mark` is not missed if the waiting begins only later."""
    news = scene.world.news
    async with scene.another() as other:
        mark = news.mark()
        await other.create(draft("a"))
        await scene.create(draft("b"))
        await scene.world.listing.get("a")
        true(await asyncio.wait_for(news.changed(mark), _PATIENCE) > mark, "the new mark is later")


@NEWS.check(needs="shared")
async def news_can_be_read(scene: Scene) -> None:
    """What the news is about can be read as soon as it comes."""
    news = scene.world.news
    async with scene.another() as other:
        for number in range(20):
            mark = news.mark()
            waiting = asyncio.ensure_future(news.changed(mark))
            await other.create(draft(f"r{number}"))
            while (await scene.world.listing.get(f"r{number}")) is None:
                await asyncio.wait_for(waiting, _PATIENCE)
                waiting = asyncio.ensure_future(news.changed(news.mark()))
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


@NEWS.check()
async def several_may_wait(scene: Scene) -> None:
    """Waiting can be given up, and several may wait."""
    news = scene.world.news
    waiting = [asyncio.ensure_future(news.changed(news.mark())) for _ in range(3)]
    await scene.world.listing.get("nobody")
    for task in waiting:
        task.cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    given_up = [isinstance(answer, asyncio.CancelledError | int) for answer in answers]
    equal(given_up, [True] * 3, "who was cancelled, or woken for nothing")
    await scene.create(draft("a"))


@RACES.check()
async def commits_at_once_get_dense_places(scene: Scene) -> None:
    """Many commits to one log at once, by its owner and by others, leave it dense and whole."""
    await scene.create(held("a"))
    await asyncio.gather(
        *(scene.append("a", f"outside-{number}") for number in range(50)),
        *(scene.advance("a", f"inside-{number}") for number in range(50)),
    )
    wanted = {f"{side}-{number}" for side in ("outside", "inside") for number in range(50)}
    equal(set((await scene.kinds("a"))[1:]), wanted)
    equal((await scene.run("a")).position, 101)


@RACES.check(needs="shared")
async def two_users_share_a_log(scene: Scene) -> None:
    """The same through two world objects; what the owner missed and wrote is all that there is."""
    await scene.create(held("a"))
    async with scene.another() as other:
        outside = asyncio.gather(*(other.append("a", f"outside-{n}") for n in range(60)))
        seen = 1
        told: list[str] = []
        for number in range(60):
            answer = await scene.advance("a", f"inside-{number}", seen=seen)
            told += [*(event.kind for event in answer.missed), f"inside-{number}"]
            seen = answer.position
        await outside
        last = await scene.advance("a", seen=seen)
        told += [event.kind for event in last.missed]
    equal(["run_created", *told], await scene.kinds("a"), "what the owner was told")


@RACES.check(needs="shared")
async def a_run_is_claimed_once(scene: Scene) -> None:
    """Two workers that claim at once never get the same run, and together get all."""
    await scene.commit(*(draft(f"r{number}") for number in range(200)))
    async with scene.another() as other:
        claims = await asyncio.gather(
            *(
                side.claim(name, limit=7)
                for _ in range(20)
                for side, name in ((scene, "x"), (other, "y"))
            )
        )
    counts = Counter(claimed.run.id for taken in claims for claimed in taken)
    equal((len(counts), set(counts.values())), (200, {1}), "runs, and how often each was claimed")


@RACES.check(needs="shared")
async def a_run_is_created_once(scene: Scene) -> None:
    """Two users that create the same ids and keys at once create each run once."""
    async with scene.another() as other:
        answers = await asyncio.gather(
            *(
                side.create(draft(f"{name}{number}", idempotency_key=f"key-{number}"))
                for number in range(40)
                for side, name in ((scene, "x"), (other, "y"))
            )
        )
    equal(sum(created.new for created in answers), 40)
    equal(len((await scene.world.listing.find(RunFilter(), limit=100)).runs), 40)
    for first, second in zip(answers[::2], answers[1::2], strict=True):
        equal(first.run_id, second.run_id, "the run under one key")


@RACES.check(needs="shared")
async def of_two_owners_one_wins(scene: Scene) -> None:
    """Of two users that both end a run at the same epoch, one does."""
    await scene.commit(*(held(f"r{number}") for number in range(30)))
    end = End(status=RunStatus.COMPLETED)
    async with scene.another() as other:
        answers = await asyncio.gather(
            *(
                side.advance(f"r{number}", "run_completed", then=end)
                for number in range(30)
                for side in (scene, other)
            )
        )
    equal(sum(answer.fenced for answer in answers), 30)
    for number in range(30):
        equal(await scene.kinds(f"r{number}"), ["run_created", "run_completed"])


@FAULTS.check()
async def a_commit_that_is_given_up_is_whole_or_nothing(scene: Scene) -> None:
    """A commit whose caller is cancelled leaves all of its batch or none."""
    await scene.commit(held("a"), held("b"))
    for number in range(20):
        task = asyncio.ensure_future(
            scene.commit(append("a", f"fact-{number}"), append("b", f"fact-{number}"))
        )
        await asyncio.gather(scene.world.listing.get("a"), asyncio.wait([task], timeout=0))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await scene.commit(append("a", "last"), append("b", "last"))
    equal(await scene.kinds("a"), await scene.kinds("b"))
    equal((await scene.run("a")).position, (await scene.run("b")).position)


@FAULTS.check()
async def an_empty_batch_is_fine(scene: Scene) -> None:
    """A batch with nothing in it answers with nothing."""
    receipt = await scene.world.log.commit(Batch())
    equal((receipt.created, receipt.advanced, receipt.appended, receipt.nudged), ((), (), (), ()))
    equal(receipt.at, scene.clock.now())


@FAULTS.check(needs="durable")
async def what_was_written_is_there_after_closing(scene: Scene) -> None:
    """Another world object finds all that was written before; runs, logs, workers and manifests."""
    async with scene.another() as first:
        await first.commit(held("a", attributes={"x": 1}), advance("a", "fact"))
        await first.world.listing.save_manifest("1", 0, b"{}")
    async with scene.another() as second:
        equal(await second.kinds("a"), ["run_created", "fact"])
        run = await second.run("a")
        equal((run.status, run.worker, run.attributes), (RunStatus.RUNNING, "worker", {"x": 1}))
        equal(await second.world.listing.manifest("1"), b"{}")


@FAULTS.check(needs="shared")
async def a_closed_world_says_so(scene: Scene) -> None:
    """The use of a world that is not open raises `WorldError`."""
    async with scene.another() as other:
        await other.create(draft("a"))
    closed = other.world

    async def commit() -> None:
        await closed.log.commit(Batch())

    for action in (
        commit(),
        closed.log.read("a"),
        closed.listing.get("a"),
        closed.claims.reap(),
        closed.steps.held("worker"),
        closed.news.changed(closed.news.mark()),
    ):
        await raises(WorldError, action)
