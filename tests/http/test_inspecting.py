"""What a page asks beside lists: counts, families, sources, single events; and acting on several runs."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from outlast import App, RunStatus
from outlast._api.inspecting import overview, run_source, run_tree, workflow_infos, workflow_stats
from outlast._api.listing import RunFilters
from outlast._model.workers import Manifest, ManifestEntry
from outlast._registry.manifest import encode_manifest
from outlast.errors import RunCancelledError
from outlast.http import BearerTokens, RemoteApp
from tests.http import inspected
from tests.http.conftest import Site

OnSite = Callable[..., None]
READER = {"Authorization": "Bearer read-0123456789abcdef"}


async def got(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def posted(client: httpx.AsyncClient, path: str, body: object) -> Any:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def ended(site: Site, *texts: str) -> list[str]:
    """The ids of runs that have echoed these."""
    ids: list[str] = []
    for text in texts:
        run = await site.app.start(inspected.echo(text), attributes={"said": text})
        await asyncio.gather(run.result(), return_exceptions=True)
        ids.append(run.id)
    return ids


async def asking(site: Site, question: str) -> tuple[str, str]:
    """The ids of a parent and of its child, once that waits for an answer."""
    run = await site.app.start(inspected.parent(question))
    while True:
        children = (await site.app.list_runs(parent=run.id)).runs
        if children and children[0].waiting:
            return run.id, children[0].id
        await asyncio.sleep(0.01)


def test_lists_are_sorted_and_searched(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        first, second, third = await ended(site, "Über", "two", "three")
        async with site.client() as client:
            by_sort = {
                sort: [one["id"] for one in (await got(client, "/runs", sort=sort))["runs"]]
                for sort in ("-created", "created", "-ended", "ended")
            }
            assert by_sort["created"] == by_sort["ended"] == [first, second, third]
            assert by_sort["-created"] == by_sort["-ended"] == [third, second, first]
            for text, wanted in (
                ("üBER", [first]),
                ("inspected.E", [third, second, first]),
                (second, [second]),
                ("said", [third, second, first]),
                ("nobody", []),
            ):
                page = await got(client, "/runs", text=text)
                assert [one["id"] for one in page["runs"]] == wanted
                assert page["cursor"] is None
            version = (await got(client, "/runs"))["runs"][0]["version"]
            assert len((await got(client, "/runs", version=[version, "other"]))["runs"]) == 3
            assert (await got(client, "/runs", version="other"))["runs"] == []

    on_site(scenario)


def test_a_search_goes_on_page_by_page(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        ids = await ended(site, "hit 1", "miss", "hit 2", "miss", "hit 3")
        async with site.client() as client:
            pages: list[list[str]] = []
            query: dict[str, str] = {}
            while not pages or query["cursor"]:
                page = await got(client, "/runs", text="hit", sort="created", limit=1, **query)
                pages.append([one["id"] for one in page["runs"]])
                query["cursor"] = page["cursor"]
            assert pages == [[run_id] for run_id in ids[::2]]

    on_site(scenario)


def test_the_overview_counts(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        await ended(site, "good", "bad", "fine")
        await asking(site, "overview?")
        async with site.client() as client:
            told = await got(client, "/overview", buckets=4)
            assert told["counts"] == {
                **dict.fromkeys(map(str, RunStatus), 0),
                "completed": 2,
                "failed": 1,
                "suspended": 2,
            }
            assert told["limit"] == 10_000
            *before, last = told["buckets"]
            assert len(before) == 3
            assert [one["started"] for one in before] == [0, 0, 0]
            assert (last["started"], last["completed"], last["failed"]) == (5, 2, 1)
            for wrong in (
                {"created_from": "2030-01-02T00:00:00Z", "created_to": "2030-01-01T00:00:00Z"},
                {"created_to": "0001-01-01T00:00:01Z"},
                {"buckets": 201},
            ):
                assert (await client.get("/overview", params=wrong)).status_code == 422

    on_site(scenario)


def test_workflows_tell_how_they_went(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        await ended(site, "good", "fine", "better", "bad")
        async with site.client() as client:
            listed = (await got(client, "/workflows"))["workflows"]
            echo = next(one for one in listed if one["name"] == "inspected.echo")
            assert (echo["doc"], echo["startable"]) == ("Say it twice.", True)
            assert (echo["signature"], echo["queues"]) == ("(text: str) -> str", ["default"])
            assert echo["input"]["properties"]["text"]["type"] == "string"
            unfit = next(one for one in listed if one["name"] == "inspected.unfit")
            assert unfit["input"] is None
            stats = await got(client, "/workflows/inspected.echo/stats")
            assert (stats["of"], stats["success"], stats["logs"]) == (4, 0.75, 4)
            assert 0 < stats["p50"] <= stats["p90"] <= stats["p99"]
            (one,) = stats["steps"]
            assert (one["count"], one["failed"], one["attempts"]) == (4, 1, 4)
            nobody = await got(client, "/workflows/nobody/stats")
            assert (nobody["of"], nobody["success"], nobody["p50"]) == (0, None, None)

    on_site(scenario)


def test_two_programs_of_one_commit_have_the_workflows_of_both() -> None:
    """Who looks may be of the same version as a worker, and have other workflows."""

    async def main() -> None:
        async with App("memory://", worker=False) as app:
            runtime = app.runtime
            entry = ManifestEntry(
                kind="workflow",
                name="inspecting.elsewhere",
                module="elsewhere",
                file="elsewhere.py",
                line=1,
                signature="()",
                doc="",
                source="",
                digest="",
            )
            manifest = Manifest(version=runtime.version, created_at=0, entries=(entry,))
            data = encode_manifest(manifest)
            await runtime.world.listing.save_manifest(runtime.version, 0, data)
            found = {one.name: one for one in await workflow_infos(runtime)}
            assert not found["inspecting.elsewhere"].startable
            assert found[inspected.echo.name].startable

    asyncio.run(main())


def test_a_tree_has_parents_and_children(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        above, below = await asking(site, "tree?")
        async with site.client() as client:
            for run_id in (above, below):
                tree = await got(client, f"/runs/{run_id}/tree")
                assert [one["id"] for one in tree["runs"]] == [above, below]
                assert [one["parent"] for one in tree["runs"]] == [None, above]
                assert tree["more"] is False
            assert (await client.get("/runs/nobody/tree")).status_code == 404

    on_site(scenario)


def test_a_tree_says_whether_it_is_whole(on_site: OnSite, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(site: Site) -> None:
        run = await site.app.start(inspected.family(101))
        await run.result()
        async with site.client() as client:
            for most, more in ((101, False), (100, True)):
                monkeypatch.setattr("outlast._api.inspecting.FAMILY", most)
                tree = await got(client, f"/runs/{run.id}/tree")
                assert (len(tree["runs"]), tree["more"]) == (1 + most, more)

    on_site(scenario)


def test_the_source_shows_the_line_that_waits(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        _, below = await asking(site, "source?")
        async with site.client() as client:
            told = await got(client, f"/runs/{below}/source")
            (stands,) = told["awaits"]
            line = told["source"].splitlines()[stands["line"] - told["line"]]
            assert "await hook(str, token=question)" in line
            assert (stands["kind"], stands["file"]) == ("hook", "inspected.py")
            assert (told["changed"], told["workflow"]) == (False, "inspected.ask")
            (over,) = await ended(site, "over")
            assert (await got(client, f"/runs/{over}/source"))["awaits"] == []

    on_site(scenario)


def test_the_source_shows_the_timeout_beside_a_step_that_is_under_way(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run = await site.app.start(inspected.beside())
        async for event in run.follow():
            if event.kind == "step_started":
                break
        async with site.client() as client:
            told = await got(client, f"/runs/{run.id}/source")
        lines = told["source"].splitlines()
        stands = {one["id"]: lines[one["line"] - told["line"]].strip() for one in told["awaits"]}
        assert stands == {
            "timeout#1": "async with asyncio.timeout(3600):",
            "inspected_forever#1": "await inspected_forever()",
        }
        await run.cancel()
        with pytest.raises(RunCancelledError):
            await run.result()

    on_site(scenario)


def test_logs_come_in_parts_and_long_values_cut(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        (run_id,) = await ended(site, "<b>" * 1_000)
        async with site.client() as client:
            path = f"/runs/{run_id}/events"
            whole = (await got(client, path))["events"]
            first = await got(client, path, limit=1, longest=100)
            assert (first["events"][0]["position"], first["next"]) == (0, 1)
            assert first["events"][0]["data"]["input"]["$cut"] > 3_000
            assert len(first["events"][0]["data"]["input"]["head"]) == 100
            rest = await got(client, path, start=1, limit=100)
            assert (rest["events"], rest["next"]) == (whole[1:], None)
            assert await got(client, f"{path}/1") == whole[1]
            file = await client.get(f"{path}/1/result")
            assert file.json() == whole[1]["data"]["result"]
            assert file.headers["content-disposition"].startswith("attachment")
            (cut,) = (await got(client, f"/runs/{run_id}/steps", longest=100))["steps"]
            assert cut["result"]["$cut"] > 6_000
            for wrong in ("99", "x", "1/nothing"):
                assert (await client.get(f"{path}/{wrong}")).status_code == 404

    on_site(scenario)


def test_a_run_is_started_once_more(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        (old,) = await ended(site, "again")
        unlike, _ = await asking(site, "unlike?")
        async with site.client() as client:
            same = await posted(client, f"/runs/{old}/rerun", {})
            other = await posted(client, f"/runs/{old}/rerun", {"kwargs": {"text": "new"}})
            named = await posted(client, f"/runs/{old}/rerun", {"run_id": "mine"})
            assert same["attributes"] == other["attributes"] == {"said": "again"}
            assert named["id"] == "mine"
            results = [await site.app.get_run(one["id"]).result() for one in (same, other, named)]
            assert results == ["againagain", "newnew", "againagain"]
            wrong = await client.post(f"/runs/{old}/rerun", json={"kwargs": {"text": 7}})
            assert (wrong.status_code, wrong.json()["slug"]) == (422, "invalid-arguments")
            tagged = {"$type": "bytes", "base64": "bmV3"}
            as_logged = await posted(client, f"/runs/{old}/rerun", {"args": [tagged]})
            assert await site.app.get_run(as_logged["id"]).result() == "newnew"
            odd = {"args": [{"$type": "bytes", "base64": 7}]}
            assert (await client.post(f"/runs/{old}/rerun", json=odd)).status_code == 422
            assert (await client.post("/runs/nobody/rerun", json={})).status_code == 404
            taken = await client.post(f"/runs/{old}/rerun", json={"run_id": unlike})
            assert (taken.status_code, taken.json()["slug"]) == (422, "invalid-arguments")

    on_site(scenario)


def test_several_are_cancelled_and_started_once_more(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        _, waiting = await asking(site, "bulk?")
        (over,) = await ended(site, "over")
        async with site.client() as client:
            body = {"run_ids": [waiting, over, "nobody", "a/b"], "reason": "enough"}
            told = (await posted(client, "/bulk/cancel", body))["results"]
            assert [one["done"] for one in told] == [True, False, False, False]
            assert [one["problem"] is None for one in told] == [True, True, False, False]
            told = (await posted(client, "/bulk/rerun", {"run_ids": [over, "nobody"]}))["results"]
            assert await site.app.get_run(told[0]["new"]).result() == "overover"
            assert (told[1]["done"], told[1]["new"]) == (False, None)
            many = await client.post("/bulk/rerun", json={"run_ids": ["x"] * 501})
            assert many.status_code == 422

    on_site(scenario)


def test_a_remote_app_tells_the_same(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        above, below = await asking(site, "remote?")
        old, _ = await ended(site, "hit", "miss")
        transport = httpx.ASGITransport(site.http)
        async with RemoteApp("http://localhost/api/v1", transport=transport) as app:
            for filters in (
                RunFilters(sort="created", limit=3),
                RunFilters(sort="-ended", status="completed"),
                RunFilters(text="hit"),
                RunFilters(version=("nobody", "nobody else")),
            ):
                assert await app.list_runs(**filters) == await site.app.list_runs(**filters)
            runtime = site.app.runtime
            assert await app.get_run(below).tree() == await run_tree(runtime, above)
            assert await app.get_run(below).source() == await run_source(runtime, below)
            again = await app.get_run(old).rerun(run_id="again")
            assert await site.app.get_run(again.id).result() == "hithit"
            stats = await app.workflow_stats("inspected.echo")
            assert stats == await workflow_stats(runtime, "inspected.echo")
            assert (await app.overview()).counts == (await overview(runtime)).counts
            assert {one.name for one in await app.workflows()} >= {"inspected.ask"}

    on_site(scenario)


@pytest.mark.parametrize("path", ["/runs/x/rerun", "/bulk/cancel", "/bulk/rerun"])
def test_who_may_only_read_may_not_act(on_site: OnSite, path: str) -> None:
    async def scenario(site: Site) -> None:
        async with site.client(headers=READER) as client:
            assert (await got(client, "/me"))["role"] == "read"
            assert (await client.post(path, json={})).status_code == 403

    on_site(scenario, access=BearerTokens(read=["read-0123456789abcdef"]))


def test_who_operates_is_told_so(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with site.client() as client:
            me = await got(client, "/me")
            assert (me["role"], me["world"]) == ("operate", site.app.url)

    on_site(scenario)
