"""The ways to look with the web UI: at a file of SQLite, at PostgreSQL, and through the API of another process."""

import shutil
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

import pytest
from playwright.sync_api import Locator, Page, Request

from tests.browser.web_site import Site
from tests.http.servers import Server
from tests.postgres import Postgres
from tests.programs import Program, Start

Kind: TypeAlias = Literal["sqlite", "postgres", "remote"]
KINDS: Final = (
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.slow),
    pytest.param("remote", marks=pytest.mark.slow),
)
"""For tests whose short form is SQLite."""


class Looked(NamedTuple):
    """Where runs are made, and where the pages are that show them."""

    site: Site
    url: str
    startable: bool
    """Whether workflows can be started from the pages."""


@contextmanager
def looked_at(kind: Kind, folder: Path, postgres: Postgres) -> Generator[Looked]:
    """A server with a worker on a world of its own, and `outlast web` on that world, or in front of the server."""
    shutil.copyfile(Path(__file__).with_name("web_flows.py"), folder / "served.py")
    world = postgres.url() if kind == "postgres" else f"sqlite:///{folder}/web.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OUTLAST_HTTP_TOKENS", raising=False)
        patch.setenv("OUTLAST_URL", world)
        server = Server(folder)
        site = Site(folder, server)
        shown = server.url if kind == "remote" else world
        with server.process, site.client, web(folder, "--url", shown) as url:
            yield Looked(site, url, startable=kind == "remote")


@contextmanager
def web(folder: Path, *options: str, env: Mapping[str, str] | None = None) -> Generator[str]:
    """`outlast web` for a while; its address."""
    arguments = ("-m", "outlast", "web", "--port", "0", *options)
    start = Start(arguments, folder) if env is None else Start(arguments, folder, env)
    with Program(start, stderr=subprocess.DEVNULL) as program:
        assert program.stdout is not None
        yield program.stdout.readline().strip()


def asked_elsewhere(page: Page, url: str) -> list[str]:
    """From now on: the requests of a page that go to another address than this one."""
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            elsewhere.append(request.url)

    page.on("request", note)
    return elsewhere


def row_of(page: Page, run_id: str) -> Locator:
    """The row of a run in the table."""
    return page.locator("tbody tr", has=page.get_by_role("link", name=run_id[-8:]))
