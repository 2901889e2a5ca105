"""Lists of runs, what they are searched by, and manifests."""

from typing import Any

from outlast._clock import SECOND
from outlast._model.runs import Attributes, Parent, RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, raises, true
from outlast.testing.conformance.scene import Scene, advance, append, draft, held
from outlast.world import Block, End, Happened, RunFilter, RunOrder

LISTING = Section("listing")
PAGING = Section("paging")
ATTRIBUTES = Section("attributes")
MANIFESTS = Section("manifests")


async def _found(scene: Scene, **wish: Any) -> list[str]:
    page = await scene.world.listing.find(RunFilter(**wish), limit=100)
    equal(page.cursor, None, "the cursor of the only page")
    return [run.id for run in page.runs]


async def _pages(scene: Scene, limit: int, **wish: Any) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor: str | None = None
    while not pages or cursor is not None:
        page = await scene.world.listing.find(RunFilter(**wish), limit=limit, cursor=cursor)
        pages.append([run.id for run in page.runs])
        cursor = page.cursor
        true(len(pages) < 100, "the pages come to an end")
    return pages


@LISTING.check()
async def a_run_is_got_by_its_id(scene: Scene) -> None:
    """`get` gives the row, or nothing."""
    await scene.create(draft("a"))
    equal((await scene.run("a")).id, "a")
    equal(await scene.world.listing.get("A"), None)


@LISTING.check()
async def lists_are_newest_first(scene: Scene) -> None:
    """Runs are listed by creation, then id, both descending, with their whole rows."""
    await scene.commit(draft("b"), draft("a"), draft("c"))
    scene.clock.move(SECOND)
    await scene.create(draft("0"))
    equal(await _found(scene), ["0", "c", "b", "a"])
    page = await scene.world.listing.find(RunFilter(), limit=1)
    equal(page.runs, (await scene.run("0"),))


@LISTING.check()
async def filters_narrow_the_list(scene: Scene) -> None:
    """Each field of a filter narrows the list, and all of them together do."""
    start = scene.clock.now()
    await scene.commit(draft("a"), held("b"), held("c", workflow="other"))
    scene.clock.move(SECOND)
    await scene.commit(held("d"), held("e", parent=Parent("a", "child#1")))
    scene.clock.move(SECOND)
    await scene.commit(draft("f", workflow="other", parent=Parent("b", "child#1")))
    await scene.commit(
        advance("d", then=End(status=RunStatus.FAILED)),
        advance("e", then=Block(problem="?", digest="1")),
    )
    running, failed = RunStatus.RUNNING, RunStatus.FAILED
    for wish, wanted in (
        ({"ids": ("a", "f", "nobody")}, "fa"),
        ({"statuses": (running,)}, "cb"),
        ({"statuses": (running, failed)}, "dcb"),
        ({"workflows": ("other",)}, "fc"),
        ({"versions": ("1", "2")}, "fedcba"),
        ({"versions": ("2",)}, ""),
        ({"order": RunOrder.OLDEST}, "abcdef"),
        ({"order": RunOrder.OLDEST, "workflows": ("other", "flow")}, "abcdef"),
        ({"order": RunOrder.OLDEST, "statuses": (running, failed)}, "bcd"),
        ({"order": RunOrder.OLDEST, "parent": "a"}, "e"),
        ({"workflows": ("other", "flow")}, "fedcba"),
        ({"created_from": start + SECOND}, "fed"),
        ({"created_to": start + SECOND}, "cba"),
        ({"created_from": start + 1, "created_to": start + 2 * SECOND}, "ed"),
        ({"parent": "a"}, "e"),
        ({"parent": "nobody"}, ""),
        ({"workflows": ("flow",), "statuses": (running,)}, "b"),
        ({"ids": ("a", "b"), "statuses": (running,)}, "b"),
        ({"parent": "a", "statuses": (running,)}, ""),
    ):
        equal("".join(await _found(scene, **wish)), wanted, f"the list of {wish}")


async def _ended_one_by_one(scene: Scene) -> None:
    """Three runs of one moment that end one after the other, and not in the order of their ids; and one that goes on."""
    await scene.commit(*(held(run_id, attributes={"x": 1}) for run_id in "abcd"))
    for run_id, status in (
        ("b", RunStatus.COMPLETED),
        ("c", RunStatus.FAILED),
        ("a", RunStatus.CANCELLED),
    ):
        scene.clock.move(SECOND)
        await scene.commit(advance(run_id, then=End(status=status)))


@LISTING.check()
async def lists_go_by_the_end_too(scene: Scene) -> None:
    """Listed by their end, runs that are not over are left out; filters hold."""
    await _ended_one_by_one(scene)
    last, first = RunOrder.ENDED_LAST, RunOrder.ENDED_FIRST
    for wish, wanted in (
        ({"order": last}, "acb"),
        ({"order": first}, "bca"),
        ({"order": last, "statuses": (RunStatus.FAILED, RunStatus.COMPLETED)}, "cb"),
        ({"order": last, "statuses": (RunStatus.RUNNING,)}, ""),
        ({"order": first, "workflows": ("flow",)}, "bca"),
        ({"order": first, "attributes": {"x": 1}}, "bca"),
        ({"order": first, "ids": ("a", "d")}, "a"),
    ):
        equal("".join(await _found(scene, **wish)), wanted, f"the list of {wish}")


@LISTING.check()
async def counts_are_by_status_and_bounded(scene: Scene) -> None:
    """Each status has its number, also those that no run has; none is above what was asked for."""
    equal(await scene.world.listing.counts(most=9), dict.fromkeys(RunStatus, 0))
    await _ended_one_by_one(scene)
    await scene.commit(*(draft(f"p{n}") for n in range(5)))
    ends = {RunStatus.COMPLETED: 1, RunStatus.FAILED: 1, RunStatus.CANCELLED: 1}
    nobody = {RunStatus.SUSPENDED: 0, RunStatus.BLOCKED: 0, RunStatus.RUNNING: 1}
    for most in (3, 5, 9):
        wanted = {**ends, **nobody, RunStatus.PENDING: min(5, most)}
        equal(await scene.world.listing.counts(most=most), wanted, f"counted to {most}")


@LISTING.check()
async def series_tell_what_happened_when(scene: Scene) -> None:
    """Starts and ends are counted in the stretch in which they were, from its edge on and not at the next."""
    start = scene.clock.now()
    await _ended_one_by_one(scene)
    nothing = Happened(started=0, completed=0, failed=0, cancelled=0)
    edges = [start + n * SECOND for n in range(-1, 5)]
    wanted = (
        nothing,
        Happened(started=4, completed=0, failed=0, cancelled=0),
        Happened(started=0, completed=1, failed=0, cancelled=0),
        Happened(started=0, completed=0, failed=1, cancelled=0),
        Happened(started=0, completed=0, failed=0, cancelled=1),
    )
    equal(await scene.world.listing.series(edges, most=9), wanted)
    (whole,) = await scene.world.listing.series([start, start + 9 * SECOND], most=2)
    true(whole.started >= 2, "more than are counted are estimated, but not below what is counted")
    equal((whole.completed, whole.failed, whole.cancelled), (1, 1, 1))


@LISTING.check()
async def ended_tells_who_is_over(scene: Scene) -> None:
    """`ended` gives those of the runs that are terminal or blocked, and ignores unknown ids."""
    await scene.commit(draft("a"), *(held(run_id) for run_id in "bcdef"))
    await scene.commit(
        advance("b", then=End(status=RunStatus.COMPLETED)),
        advance("c", then=End(status=RunStatus.FAILED)),
        advance("d", then=End(status=RunStatus.CANCELLED)),
        advance("e", then=Block(problem="?", digest="1")),
    )
    ended = scene.world.listing.ended
    equal(await ended(["a", "b", "c", "d", "f", "nobody"]), frozenset("bcd"))
    equal(await ended(list("abcdef")), frozenset("bcde"))
    equal(await ended([]), frozenset())


@PAGING.check()
async def pages_cover_the_list(scene: Scene) -> None:
    """The pages one after the other are the list, also where runs have one creation time."""
    for moment in range(3):
        await scene.commit(*(draft(f"{moment}{place}") for place in range(5)))
        scene.clock.move(1)
    wanted = [f"{moment}{place}" for moment in (2, 1, 0) for place in (4, 3, 2, 1, 0)]
    for limit in (1, 4, 5, 14, 15, 16):
        pages = await _pages(scene, limit)
        equal([run_id for page in pages for run_id in page], wanted, f"pages of {limit}")
        true(all(len(page) == limit for page in pages[:-1]), "all but the last page are full")
        true(pages[-1], "no page is empty")


@PAGING.check()
async def pages_stand_still_under_inserts(scene: Scene) -> None:
    """Runs that are created between two pages neither repeat nor hide others."""
    for place in range(6):
        await scene.create(draft(f"r{place}"))
        scene.clock.move(1)
    first = await scene.world.listing.find(RunFilter(), limit=3)
    await scene.create(draft("new"))
    rest = await scene.world.listing.find(RunFilter(), limit=3, cursor=first.cursor)
    equal([run.id for run in (*first.runs, *rest.runs)], ["r5", "r4", "r3", "r2", "r1", "r0"])
    equal(rest.cursor, None)


@PAGING.check()
async def pages_keep_to_the_filter(scene: Scene) -> None:
    """A filter holds on every page."""
    await scene.commit(*(draft(f"r{n}", attributes={"odd": n % 2 == 1}) for n in range(9)))
    equal(await _pages(scene, 2, attributes={"odd": True}), [["r7", "r5"], ["r3", "r1"]])
    equal(await _pages(scene, 4, ids=("r1", "r2", "r9")), [["r2", "r1"]])


@PAGING.check()
async def pages_cover_the_list_in_each_order(scene: Scene) -> None:
    """The same in all orders, also where runs ended at one moment."""
    for moment in range(2):
        await scene.commit(*(held(f"{moment}{place}") for place in range(3)))
        scene.clock.move(1)
    await scene.commit(
        *(advance(f"{n % 2}{n // 2}", then=End(status=RunStatus.COMPLETED)) for n in range(6))
    )
    upwards = ["00", "01", "02", "10", "11", "12"]
    for order in RunOrder:
        wanted = upwards[::-1] if order.descending else upwards
        for limit in (1, 3, 4, 6):
            pages = await _pages(scene, limit, order=order)
            equal([run_id for page in pages for run_id in page], wanted, f"{order} by {limit}")


@PAGING.check()
async def a_cursor_belongs_to_its_order(scene: Scene) -> None:
    """The cursor of a list in another order raises `ValueError`."""
    await scene.commit(*(draft(f"r{n}") for n in range(3)))
    find = scene.world.listing.find
    page = await find(RunFilter(), limit=2)
    await raises(ValueError, find(RunFilter(order=RunOrder.OLDEST), limit=2, cursor=page.cursor))


@PAGING.check()
async def an_empty_list_is_one_page(scene: Scene) -> None:
    """Where nothing fits there is one empty page."""
    equal(await _pages(scene, 3), [[]])


@PAGING.check()
async def a_foreign_cursor_is_refused(scene: Scene) -> None:
    """A text that is no cursor raises `ValueError`."""
    for text in ("", "nonsense", "bm9uc2Vuc2U=", "💥"):
        await raises(ValueError, scene.world.listing.find(RunFilter(), limit=3, cursor=text))


@ATTRIBUTES.check()
async def values_are_told_apart_by_type(scene: Scene) -> None:
    """Attributes are equal only if value and type are: 1, true, 1.0 and "1" are four values."""
    values: Attributes = {
        "int": 1,
        "true": True,
        "float": 1.0,
        "text": "1",
        "none": None,
        "zero": 0,
        "false": False,
        "empty": "",
        "word": "null",
        "big": 2**62,
        "negative": -1.5,
        "quotes": 'a "b" \\ c',
        "nul": "a\x00b",
        "script": "é🙂",
    }
    await scene.commit(
        *(draft(name, attributes={"value": value}) for name, value in values.items())
    )
    for name, value in values.items():
        equal((await scene.run(name)).attributes, {"value": value})
        kept = (await scene.run(name)).attributes["value"]
        equal(type(kept), type(value), f"the type of {name!r}")
        equal(await _found(scene, attributes={"value": value}), [name], f"who has {name!r}")
        equal(await _found(scene, attributes={"other": value}), [])


@ATTRIBUTES.check()
async def all_wished_for_must_be_equal(scene: Scene) -> None:
    """A filter with several attributes finds the runs that have all of them."""
    await scene.commit(
        draft("a", attributes={"x": 1, "y": "one"}),
        draft("b", attributes={"x": 1, "y": "two"}),
        draft("c", attributes={"y": "one"}),
        draft("d"),
    )
    equal(await _found(scene, attributes={"x": 1}), ["b", "a"])
    equal(await _found(scene, attributes={"x": 1, "y": "one"}), ["a"])
    equal(await _found(scene, attributes={"y": "one", "x": 1}), ["a"])
    equal(await _found(scene, attributes={"y": "one"}, workflows=("flow",)), ["c", "a"])
    equal(await _found(scene, attributes={"y": "one"}, ids=("c", "d")), ["c"])


@ATTRIBUTES.check()
async def writes_merge(scene: Scene) -> None:
    """Advances and appends merge attributes, in their order; the list follows."""
    await scene.create(held("a", attributes={"x": 1, "y": 1}))
    await scene.commit(
        advance("a", attributes={"y": 2, "z": 2}),
        advance("a", attributes={"z": None}),
        append("a", attributes={"w": "3"}),
    )
    equal((await scene.run("a")).attributes, {"x": 1, "y": 2, "z": None, "w": "3"})
    equal(await _found(scene, attributes={"y": 1}), [])
    for name, value in (("x", 1), ("y", 2), ("z", None), ("w", "3")):
        equal(await _found(scene, attributes={name: value}), ["a"])


@MANIFESTS.check()
async def a_manifest_is_written_over_the_one_it_was_made_from(scene: Scene) -> None:
    """A manifest is kept byte by byte. Who does not know the one that is there writes nothing."""
    listing = scene.world.listing
    equal(await listing.manifest("1"), None)
    now, first, second = scene.clock.now(), b'{"a": "\xc3\xa9"}', b"\x00{}"
    kept = [
        await listing.save_manifest("1", now, first),
        await listing.save_manifest("1", now, second),
        await listing.save_manifest("1", now, second, over=second),
        await listing.save_manifest("2", now, b""),
    ]
    equal(kept, [True, False, False, True])
    equal((await listing.manifest("1"), await listing.manifest("2")), (first, b""))
    kept = [
        await listing.save_manifest("1", now, second, over=first),
        await listing.save_manifest("1", now, first, over=first),
    ]
    equal(kept, [True, False])
    equal((await listing.manifest("1"), await listing.manifest("2")), (second, b""))
