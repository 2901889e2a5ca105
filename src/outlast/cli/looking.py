"""What commands share that look at what is there, or ask something of it: they make no database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from outlast import App
from outlast._api.settings import missing_file
from outlast.cli.common import Common
from outlast.cli.exits import Exit
from outlast.cli.problem import Problem
from outlast.errors import WorldUnavailableError


@asynccontextmanager
async def existing(common: Common) -> AsyncGenerator[App]:
    """An app without a worker, on a database that exists. Raises `Problem` if it does not."""
    if missing := no_database(common):
        hint = "Start a run: outlast run FILE:WORKFLOW. Or look elsewhere with --url."
        raise Problem(missing, hint=hint, exit_code=Exit.NOT_FOUND)
    async with App(common.url, worker=False) as app:
        yield app


def no_database(common: Common) -> str | None:
    """Says so if the database does not exist yet: then there is nothing to look at."""
    file = missing_file(common.url)
    return None if file is None else f"no database yet at {file.resolve()}"


async def notice_deaths(app: App) -> None:
    """Let runs that a dead worker holds be seen as such. If that cannot be written now, they are seen
    as running for a little longer: it is no reason not to show them."""
    with suppress(WorldUnavailableError):
        await app.notice_deaths()
