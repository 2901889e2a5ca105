"""Runs come into being."""

from outlast._clock import SECOND
from outlast._model.runs import Parent, RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal
from outlast.testing.conformance.scene import LEASE, Scene, draft, fact, held
from outlast.world import Created, StoredEvent

CREATING = Section("creating")


@CREATING.check()
async def a_new_run_is_as_drafted(scene: Scene) -> None:
    """A new run is pending, due now, has what its draft says, and its first event at position 0."""
    now = scene.clock.now()
    wish = draft(
        "a",
        version="7",
        queue="slow",
        priority=3,
        attributes={"tenant": "acme"},
        created=fact("run_created", "[1]"),
    )
    equal(await scene.create(wish), Created("a", new=True, epoch=0))
    run = await scene.run("a")
    equal((run.workflow, run.version, run.queue, run.priority), ("flow", "7", "slow", 3))
    equal((run.status, run.due_at, run.epoch, run.worker), (RunStatus.PENDING, now, 0, None))
    equal((run.position, run.recoveries, run.created_at), (1, 0, now))
    equal((run.started_at, run.ended_at, run.waiting), (None, None, ()))
    equal((run.problem, run.blocked_digest, run.parent), (None, None, None))
    equal(run.attributes, {"tenant": "acme"})
    log = await scene.world.log.read("a")
    equal(log, (StoredEvent(0, now, "run_created", b"[1]"),))


@CREATING.check()
async def an_id_is_created_once(scene: Scene) -> None:
    """Creating an id again gives the first run and writes nothing."""
    await scene.create(draft("a"))
    equal(await scene.create(draft("a", workflow="other")), Created("a", new=False))
    receipt = await scene.commit(draft("b"), draft("b", workflow="other"))
    equal(receipt.created, (Created("b", new=True), Created("b", new=False)))
    for run_id in ("a", "b"):
        equal((await scene.run(run_id)).workflow, "flow")
        equal(await scene.kinds(run_id), ["run_created"])


@CREATING.check()
async def an_idempotency_key_is_created_once(scene: Scene) -> None:
    """Creating under a key that is taken gives the run that has it, and creates none."""
    await scene.create(draft("a", idempotency_key="order-1"))
    equal((await scene.run("a")).idempotency_key, "order-1")
    equal(await scene.create(draft("b", idempotency_key="order-1")), Created("a", new=False))
    receipt = await scene.commit(
        draft("c", idempotency_key="order-2"), draft("d", idempotency_key="order-2")
    )
    equal(receipt.created, (Created("c", new=True), Created("c", new=False)))
    equal(await scene.world.listing.get("b"), None)
    equal(await scene.world.listing.get("d"), None)


@CREATING.check()
async def an_id_that_exists_wins_over_a_key(scene: Scene) -> None:
    """A draft whose id exists gives that run, even if its key is another's."""
    await scene.create(draft("a", idempotency_key="order-1"))
    await scene.create(draft("b"))
    equal(await scene.create(draft("b", idempotency_key="order-1")), Created("b", new=False))
    receipt = await scene.commit(
        draft("c", idempotency_key="order-2"), draft("b", idempotency_key="order-2")
    )
    equal(receipt.created, (Created("c", new=True), Created("b", new=False)))


@CREATING.check()
async def a_delay_makes_it_due_later(scene: Scene) -> None:
    """A run with a delay cannot be claimed before it is over."""
    now = scene.clock.now()
    await scene.create(draft("a", delay=10 * SECOND))
    equal((await scene.run("a")).due_at, now + 10 * SECOND)
    scene.clock.move(10 * SECOND - 1)
    equal(await scene.claimed_ids(), [])
    scene.clock.move(1)
    equal(await scene.claimed_ids(), ["a"])


@CREATING.check()
async def it_can_be_created_as_claimed(scene: Scene) -> None:
    """A run created with a claim is its claimer's: running, at epoch 1, under a lease."""
    now = scene.clock.now()
    equal(await scene.create(held("a", "me")), Created("a", new=True, epoch=1))
    run = await scene.run("a")
    equal((run.status, run.epoch, run.worker), (RunStatus.RUNNING, 1, "me"))
    equal((run.started_at, run.due_at), (now, now + LEASE))
    equal(await scene.claimed_ids("other"), [])
    equal((await scene.advance("a", "step_completed")).position, 2)


@CREATING.check()
async def a_delay_wins_over_a_claim(scene: Scene) -> None:
    """The claim of a draft with a delay is ignored."""
    equal(await scene.create(held("a", delay=SECOND)), Created("a", new=True, epoch=0))
    equal((await scene.run("a")).status, RunStatus.PENDING)


@CREATING.check()
async def a_claim_does_not_take_a_run_that_exists(scene: Scene) -> None:
    """Creating an existing run as claimed leaves it alone."""
    await scene.create(held("a", "first"))
    equal(await scene.create(held("a", "second")), Created("a", new=False, epoch=0))
    equal((await scene.run("a")).worker, "first")


@CREATING.check()
async def it_knows_its_parent(scene: Scene) -> None:
    """The parent of a draft is the parent of the run."""
    attached, detached = Parent("p", "child#1"), Parent("p", "child#2", detached=True)
    await scene.commit(draft("a", parent=attached), draft("b", parent=detached))
    equal((await scene.run("a")).parent, attached)
    equal((await scene.run("b")).parent, detached)


@CREATING.check()
async def many_at_once(scene: Scene) -> None:
    """A batch of 2,000 drafts is created, in its order."""
    receipt = await scene.commit(*(draft(f"run-{number:04}") for number in range(2_000)))
    equal(sum(created.new for created in receipt.created), 2_000)
    equal(await scene.claimed_ids(limit=2), ["run-0000", "run-0001"])
