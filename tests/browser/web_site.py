"""The web UI in front of a server, for the tests of its pages.

The screenshots of the last run are in `.pytest_cache/d/web`.
"""

import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.test_round_trip import until
from tests.http.servers import LIMIT, Server
from tests.programs import Program, Start

AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE: Final = {"serious", "critical"}

Shoot: TypeAlias = Callable[[Page, str], None]
"""Keeps what a page looks like, under a name."""


class Site:
    """The pages in front of a server, and a client of that server."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.client = httpx.Client(base_url=server.url, timeout=LIMIT)

    def start(self, workflow: str, *args: object) -> str:
        """Start a run; its id."""
        body = {"workflow": workflow, "args": args}
        run_id: str = self.client.post("/runs", json=body).raise_for_status().json()["id"]
        return run_id

    def become(self, run_id: str, status: str) -> None:
        """Wait until a run is like that."""
        until(lambda: self.client.get(f"/runs/{run_id}").json()["status"] == status)

    def resume(self, run_id: str, payload: object) -> None:
        """Hand a payload to the hook that it waits with."""
        hooks = until(lambda: self.client.get(f"/hooks?run={run_id}").json()["hooks"])
        body = {"token": hooks[0]["token"], "payload": payload}
        self.client.post("/hooks/resume", json=body).raise_for_status()

    def pages(self, *options: str, port: int = 0) -> "Pages":
        """`outlast web`, for a while."""
        return Pages(self, options, port)


class Pages:
    """A process of `outlast web`, and where it is."""

    def __init__(self, site: Site, options: tuple[str, ...], port: int) -> None:
        arguments = (
            "-m",
            "outlast",
            "web",
            "--url",
            site.server.url,
            "--port",
            str(port),
            *options,
        )
        self.process = Program(Start(arguments, site.folder), stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> str:
        return self.url

    def __exit__(self, *_: object) -> None:
        self.process.__exit__()


@contextmanager
def served(folder: Path, flows: str) -> Generator[Site]:
    """A server of a file of workflows beside this one, with a worker."""
    shutil.copyfile(Path(__file__).with_name(flows), folder / "served.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OUTLAST_HTTP_TOKENS", raising=False)
        patch.setenv("OUTLAST_URL", f"sqlite:///{folder}/web.db")
        server = Server(folder)
        patch.delenv("OUTLAST_URL")
        with server.process:
            there = Site(folder, server)
            with there.client:
                yield there


def shooting(cache: pytest.Cache | None, otherwise: Path) -> Shoot:
    """What keeps screenshots, in the cache of pytest if there is one."""
    folder = otherwise if cache is None else cache.mkdir("web")

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", animations="disabled")

    return keep


def serious(page: Page) -> list[str]:
    """What axe says that nobody may leave as it is."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:120]}: {node['any'][:1]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"][:3]
    ]
