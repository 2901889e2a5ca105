"""Workers come, go, and die."""

from outlast._clock import SECOND
from outlast._model.runs import RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, true
from outlast.testing.conformance.scene import LEASE, Scene, held
from outlast.world import End

WORKERS = Section("workers")


@WORKERS.check()
async def they_are_listed(scene: Scene) -> None:
    """Registered workers are listed, oldest first, as they registered."""
    equal(await scene.world.listing.workers(), ())
    first = await scene.register("w2")
    scene.clock.move(SECOND)
    second = await scene.register("w1")
    equal(await scene.world.listing.workers(), (first, second))


@WORKERS.check()
async def registering_again_replaces(scene: Scene) -> None:
    """A worker that registers again has the newer record."""
    await scene.register("me")
    scene.clock.move(SECOND)
    newer = await scene.register("me")
    equal(await scene.world.listing.workers(), (newer,))


@WORKERS.check()
async def who_stops_hands_back(scene: Scene) -> None:
    """What an unregistered worker held is due at once, with no recovery counted, and its own writes
    are refused from then on. Unregistering again is fine."""
    await scene.register("me")
    await scene.commit(held("a", "me"), held("b", "me"), held("c", "other"))
    await scene.advance("b", then=End(status=RunStatus.COMPLETED))
    scene.clock.move(SECOND)
    for _ in range(2):
        await scene.world.claims.unregister("me")
    equal(await scene.world.listing.workers(), ())
    run = await scene.run("a")
    equal((run.status, run.worker, run.due_at), (RunStatus.PENDING, None, scene.clock.now()))
    true((await scene.advance("a", "late")).fenced, "who handed back writes no more")
    (claimed,) = await scene.claim("new")
    equal((claimed.run.id, claimed.run.recoveries), ("a", 0))


@WORKERS.check()
async def the_living_are_not_reaped(scene: Scene) -> None:
    """`reap` leaves alone what a living worker holds, whatever its lease says."""
    equal(await scene.world.claims.reap(), 0)
    await scene.register("me")
    await scene.create(held("a", "me"))
    scene.clock.move(LEASE // 2)
    equal(await scene.world.claims.reap(), 0)
    equal(await scene.claimed_ids("other"), [])
    equal(len(await scene.world.listing.workers()), 1)


@WORKERS.check(needs="notices_death")
async def the_dead_are_reaped_at_once(scene: Scene) -> None:
    """What a worker held that went away without a word is due at once, and its claim is a recovery."""
    await scene.register("me")
    async with scene.another() as other:
        await other.register("doomed")
        await scene.commit(held("a", "doomed"), held("b", "me"))
        equal(await scene.world.claims.reap(), 0)
    equal(await scene.world.claims.reap(), 1)
    equal(await scene.world.claims.reap(), 0)
    equal([worker.id for worker in await scene.world.listing.workers()], ["me"])
    (claimed,) = await scene.claim("me")
    equal((claimed.run.id, claimed.run.recoveries, claimed.run.epoch), ("a", 1, 2))


@WORKERS.check(needs="notices_death")
async def the_dead_may_have_been_replaced(scene: Scene) -> None:
    """Reaping does not touch what a dead worker lost before."""
    async with scene.another() as other:
        await other.register("doomed")
        await other.create(held("a", "doomed"))
        scene.clock.move(LEASE)
        await scene.register("me")
        equal(await scene.claimed_ids("me"), ["a"])
    equal(await scene.world.claims.reap(), 1)
    run = await scene.run("a")
    equal((run.worker, run.due_at), ("me", scene.clock.now() + LEASE))


@WORKERS.check(needs="notices_death")
async def it_can_register_again_after_stopping(scene: Scene) -> None:
    """A worker that stopped and registers again is alive."""
    await scene.register("me")
    await scene.world.claims.unregister("me")
    await scene.register("me")
    async with scene.another() as other:
        equal(await other.world.claims.reap(), 0)
