"""Hooks over the authorised API."""

from collections.abc import Callable
from contextlib import suppress

from outlast.errors import RunCancelledError, RunFailedError
from outlast.http import BearerTokens
from tests.http import flows
from tests.http.conftest import Site
from tests.http.reading import read

OnSite = Callable[..., None]
TOKEN = "order:7/a b"  # noqa: S105 - of a hook
OPERATE, READ = "operate-token-0123456789", "read-token-0123456789"


def test_a_hook_is_found_and_resumed(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run_id = (await site.app.start(flows.ask(TOKEN))).id
        await site.signals.wait_for("run_suspended", run_id=run_id)
        async with site.client() as client:
            listed = (await client.get(f"/hooks?run={run_id}")).json()["hooks"]
            found = (await client.post("/hooks/find", json={"token": TOKEN})).json()
            assert listed == [found]
            assert (found["run_id"], found["metadata"]) == (run_id, {"who": "ada"})
            assert found["schema"] == {"type": "integer"}

            async def resume(payload: object, key: str) -> int:
                body = {"token": TOKEN, "payload": payload, "key": key}
                answer = await client.post("/hooks/resume", json=body)
                assert answer.status_code != 200 or answer.json() == {"run_id": run_id}
                return answer.status_code

            assert await resume("many", "0") == 422
            assert await resume(3, "1") == 200
            assert await resume(3, "1") == 200, "the same key: delivered once"
            assert await resume(4, "2") == 200
            assert await site.app.get_run(run_id).result("5s") == 7
            assert await resume(5, "3") == 404
            assert (await client.post("/hooks/find", json={"token": TOKEN})).status_code == 404
            assert (await client.get("/hooks")).json()["hooks"] == []

    on_site(scenario)


def test_who_may_only_look_sees_no_tokens(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with site.client(headers={"Authorization": f"Bearer {READ}"}) as client:
            assert (await client.get("/hooks")).status_code == 403
            for path in ("/hooks/find", "/hooks/resume"):
                assert (await client.post(path, json={"token": TOKEN})).status_code == 403

    on_site(scenario, access=BearerTokens(operate=[OPERATE], read=[READ]))


def test_who_may_only_look_sees_no_tokens_in_logs(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run = await site.app.start(flows.ask(TOKEN))
        other = await site.app.start(flows.ask(TOKEN))  # the token is taken
        await site.signals.wait_for("run_suspended", run_id=run.id)
        await site.app.resume(TOKEN, 3)
        await site.app.resume(TOKEN, 4)
        assert await run.result("5s") == 7
        await other.cancel()
        with suppress(RunFailedError, RunCancelledError):
            await other.result("5s")
        for token, sees in ((READ, False), (OPERATE, True)):
            async with site.client(headers={"Authorization": f"Bearer {token}"}) as client:
                for run_id in (run.id, other.id):
                    listed = (await client.get(f"/runs/{run_id}/events")).json()["events"]
                    feed = await read(client, f"/runs/{run_id}/feed")
                    assert [one.data for one in feed if not one.name] == listed
                    opening = listed[1]
                    assert opening["kind"] in ("hook_opened", "hook_conflicted")
                    assert (opening["data"].get("token") == TOKEN) is sees
                    tokens = [one for one in listed if "token" in one["data"]]
                    assert bool(tokens) is sees

    on_site(scenario, access=BearerTokens(operate=[OPERATE], read=[READ]))
