"""What those who act are told while the database cannot be written."""

import asyncio
from pathlib import Path

from outlast import App
from outlast._runtime.system import SystemClock
from outlast.http import HttpApp
from outlast.http.access import Loopback
from outlast.testing import FaultyWorld, Signals, Unavailable
from outlast.worlds.sqlite import SqliteWorld
from tests.http import flows
from tests.http.conftest import Site

START = {"workflow": flows.ask.name, "args": ["outage"], "run_id": "late"}


def test_who_acts_in_an_outage_is_told_that_it_may_be_done_all_the_same(tmp_path: Path) -> None:
    async def main() -> None:
        world = FaultyWorld(SqliteWorld(str(tmp_path / "runs.db"), SystemClock()))
        signals = Signals()
        app = App(world=world, instruments=[signals])
        http = HttpApp(
            app,
            base="/api/v1",
            access=Loopback(),
            ping_every=15,
            respond_within=30,
            act_within=0.05,
        )
        async with app, asyncio.timeout(30):
            site = Site(app, http, signals)
            old = await app.start(flows.ask("token"))
            await signals.wait_for("run_suspended", run_id=old.id)
            acts = {
                "/runs": START,
                f"/runs/{old.id}/rerun": {"run_id": "again"},
                f"/runs/{old.id}/wake": None,
                f"/runs/{old.id}/cancel": {},
                "/bulk/cancel": {"run_ids": [old.id]},
                "/bulk/rerun": {"run_ids": [old.id, old.id]},
                "/hooks/resume": {"token": "token", "payload": 3, "key": "1"},
            }
            world.inject(Unavailable(call=1, times=4, of="commit"))
            async with site.client() as client:
                for path, body in acts.items():
                    answer = await client.post(path, json=body)
                    problem = answer.json()
                    assert (answer.status_code, problem["slug"]) == (503, "world-unavailable"), path
                    assert "may be done all the same" in problem["detail"]
                    assert "`idempotency_key`" in problem["hint"]
            first = await app.start(flows.ask("other"), run_id="late")
            assert (await first.events())[0].data["input"]["args"] == ["outage"], "it was done"

    asyncio.run(main())
