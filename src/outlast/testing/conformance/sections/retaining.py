"""What is over is deleted."""

from typing import Any

from outlast._clock import SECOND
from outlast._model.runs import RunStatus, Waiting
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal
from outlast.testing.conformance.scene import LEASE, Scene, advance, dispatch, draft, held
from outlast.world import Block, End, PruneRequest, RunFilter, Suspend

RETENTION = Section("retention")

_COMPLETED = End(status=RunStatus.COMPLETED)


async def _ended(scene: Scene, run_id: str, then: End = _COMPLETED, **fields: Any) -> None:
    """A run that ends now; a second passes then."""
    await scene.commit(held(run_id, **fields))
    await scene.advance(run_id, "fact", "last", then=then)
    scene.clock.move(SECOND)


async def _prune(scene: Scene, **fields: Any) -> int:
    """Delete what ended before now."""
    given: dict[str, Any] = {"ended_before": scene.clock.now(), **fields}
    return await scene.world.retention.prune(PruneRequest(**given))


async def _left(scene: Scene) -> list[str]:
    page = await scene.world.listing.find(RunFilter(), limit=100)
    return sorted(run.id for run in page.runs)


@RETENTION.check()
async def all_of_a_run_goes(scene: Scene) -> None:
    """A deleted run is as if it had never been: its row, log, attributes and idempotency key are gone,
    and can be used anew."""
    await _ended(scene, "a", attributes={"x": 1}, idempotency_key="key")
    await _ended(scene, "b", attributes={"x": 1})
    equal(await _prune(scene, limit=1), 1)
    equal(await scene.world.listing.get("a"), None)
    equal(await scene.world.log.read("a"), ())
    found = await scene.world.listing.find(RunFilter(attributes={"x": 1}), limit=9)
    equal([run.id for run in found.runs], ["b"])
    equal(await scene.world.listing.ended(["a", "b"]), frozenset({"b"}))
    equal((await scene.append("a", "late")).status, None)
    created = await scene.create(draft("a", idempotency_key="key"))
    equal((created.run_id, created.new), ("a", True))
    equal(await scene.kinds("a"), ["run_created"])
    equal((await scene.run("a")).attributes, {})
    equal(await scene.kinds("b"), ["run_created", "fact", "last"])


@RETENTION.check()
async def live_runs_are_never_touched(scene: Scene) -> None:
    """Whatever is asked for, a run that has not ended stays, however old it is, with all that it has."""
    await scene.commit(draft("pending"), held("running"), held("suspended"), held("blocked"))
    await scene.commit(
        advance("running", dispatches=(dispatch("work#1"),)),
        advance(
            "suspended",
            then=Suspend(due_at=None, waiting=(Waiting(kind="hook", ref="hook#1"),)),
        ),
        advance("blocked", then=Block(problem="?", digest="d")),
    )
    await _ended(scene, "ended")
    scene.clock.move(10**6 * LEASE)
    alive = ["blocked", "pending", "running", "suspended"]
    equal(await _prune(scene, statuses=tuple(RunStatus)), 1)
    for statuses in ((), (RunStatus.BLOCKED, RunStatus.PENDING, RunStatus.RUNNING)):
        equal(await _prune(scene, statuses=statuses), 0)
    equal(await _left(scene), alive)
    for run_id in alive:
        equal((await scene.kinds(run_id))[0], "run_created")
    equal(await scene.claimed_refs(), ["work#1"])


@RETENTION.check()
async def the_first_to_end_go_first(scene: Scene) -> None:
    """Runs are deleted in the order in which they ended, so many at once, and not before their time."""
    for run_id in "abcde":
        await scene.create(held(run_id))
    for run_id in "ecadb":
        await scene.advance(run_id, "last", then=_COMPLETED)
        scene.clock.move(SECOND)
    equal(await _prune(scene, limit=2), 2)
    equal(await _left(scene), ["a", "b", "d"])
    ended_at = (await scene.run("d")).ended_at
    equal(await _prune(scene, ended_before=ended_at), 1)
    equal(await _left(scene), ["b", "d"])
    equal(await _prune(scene, limit=2), 2)
    equal(await _prune(scene), 0)


@RETENTION.check()
async def by_status_and_workflow(scene: Scene) -> None:
    """Statuses and workflows narrow down what is deleted."""
    for status in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED):
        for workflow in ("flow", "other"):
            await _ended(scene, f"{workflow}-{status.value}", End(status=status), workflow=workflow)
    equal(await _prune(scene, statuses=(RunStatus.FAILED,), workflows=("other",)), 1)
    equal(await _prune(scene, statuses=(RunStatus.CANCELLED, RunStatus.FAILED)), 3)
    equal(await _left(scene), ["flow-completed", "other-completed"])
    equal(await _prune(scene, workflows=("flow", "unknown")), 1)
    equal(await _left(scene), ["other-completed"])


@RETENTION.check()
async def a_child_may_outlast_its_parent(scene: Scene) -> None:
    """A run is deleted whatever becomes of its parent and children: they stay as they are."""
    await scene.create(held("parent"))
    await scene.advance("parent", children=(draft("child"),))
    await scene.advance("parent", "last", then=_COMPLETED)
    scene.clock.move(SECOND)
    equal(await _prune(scene), 1)
    equal(await _left(scene), ["child"])
    equal(await scene.claimed_ids(), ["child"])
