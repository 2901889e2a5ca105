"""What commands share that look at what is there, or ask something of it: they make no database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from outlast import App
from outlast._api.settings import find_url, missing_file, origin, shown_url
from outlast.cli.common import Common
from outlast.cli.exits import Exit
from outlast.cli.extras import extra
from outlast.cli.operated import OperatedApp, OperatedRun
from outlast.cli.problem import Problem
from outlast.errors import WorldUnavailableError
from outlast.worlds import schema_from_url

WHERE_IT_IS: Final = "Run it where the database can be reached, with its URL."


@asynccontextmanager
async def existing(common: Common) -> AsyncGenerator[App]:
    """An app without a worker, on a database that exists. Raises `Problem` if it does not, or if the URL is that
    of an HTTP API."""
    need_database(common)
    if missing := await no_database(common):
        hint = "Start a run: outlast run FILE:WORKFLOW. Or look elsewhere with --url."
        raise Problem(missing, hint=hint, exit_code=Exit.NOT_FOUND, kind="no-database")
    async with App(common.url, worker=False) as app:
        yield app


@asynccontextmanager
async def operated(
    common: Common, *, make: bool = False
) -> AsyncGenerator[OperatedApp[OperatedRun]]:
    """What the URL names: the app behind an HTTP API, or else one on a database, as `existing` has it.

    With `make`, the database may be new.
    """
    if is_remote(common):
        async with _remote(find_url(common.url)) as app:
            yield app
    else:
        async with App(common.url, worker=False) if make else existing(common) as app:
            yield app


def is_remote(common: Common) -> bool:
    """Whether the URL is that of an HTTP API, and not that of a world."""
    return find_url(common.url).startswith(("http://", "https://"))


def need_database(common: Common, hint: str = WHERE_IT_IS) -> None:
    """Raise `Problem` if the URL is that of an HTTP API: some commands need the database itself."""
    if is_remote(common):
        if common.url is None:
            hint = f"The URL comes from {origin('url').source}. {hint}"
        raise Problem(
            f"this needs the database, and {shown_url(find_url(common.url))} is an HTTP API",
            hint=hint,
        )


async def no_database(common: Common) -> str | None:
    """Says so if there is nothing to look at yet: no file, or no schema of ours on the server. Opening it would
    make one."""
    url = find_url(common.url)
    if is_remote(common):
        return None
    if url.startswith(("postgres:", "postgresql:")):
        status = await schema_from_url(url).status()
        return None if status.current else f"nothing of Outlast yet at {status.url}"
    file = missing_file(common.url)
    return None if file is None else f"no database yet at {file.resolve()}"


async def notice_deaths(app: OperatedApp[Any]) -> None:
    """Let runs that a dead worker holds be seen as such. If that cannot be written now, they are seen
    as running for a little longer: it is no reason not to show them."""
    with suppress(WorldUnavailableError):
        await app.notice_deaths()


def _remote(url: str) -> Any:
    with extra("http", "which a URL of HTTP needs"):
        from outlast.http import RemoteApp
    return RemoteApp(url)
