"""An app and its HTTP app, asked without a socket."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from outlast import App
from outlast.http import Access, HttpApp, asgi
from outlast.testing import Signals
from tests.postgres import Postgres

BASE = "/api/v1"


class Site:
    """An open app and its HTTP app, with a client on the same machine."""

    def __init__(self, app: App, http: HttpApp, signals: Signals) -> None:
        self.app, self.http, self.signals = app, http, signals

    def client(
        self, *, host: str = "localhost", address: str = "127.0.0.1", **options: Any
    ) -> httpx.AsyncClient:
        """A client that comes from an address and asks for a host."""
        transport = httpx.ASGITransport(
            self.http, client=(address, 5000), raise_app_exceptions=False
        )
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}{BASE}", **options)

    async def started(self, workflow: str, *args: object) -> str:
        """The id of a run that has just been started over HTTP."""
        async with self.client() as client:
            answer = await client.post("/runs", json={"workflow": workflow, "args": args})
        assert answer.status_code == 201, answer.text
        run_id: str = answer.json()["id"]
        return run_id


Scenario = Callable[[Site], Awaitable[None]]


@pytest.fixture
def on_site(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a scenario on an open app in memory."""
    monkeypatch.delenv("OUTLAST_HTTP_TOKENS", raising=False)

    def play(scenario: Scenario, *, access: Access | None = None, ping_every: float = 15) -> None:
        async def main() -> None:
            signals = Signals()
            app = App("memory://", instruments=[signals])
            http = asgi(app, access=access, ping_every=ping_every)
            async with app, asyncio.timeout(30):
                await scenario(Site(app, http, signals))

        asyncio.run(main())

    return play


@pytest.fixture(params=["sqlite", "postgres"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with workflows that go on when a file is there."""
    monkeypatch.delenv("OUTLAST_HTTP_TOKENS", raising=False)
    url = f"sqlite:///{tmp_path}/served.db"
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url()
    monkeypatch.setenv("OUTLAST_URL", url)
    shutil.copyfile(Path(__file__).with_name("served.py"), tmp_path / "served.py")
    return tmp_path
