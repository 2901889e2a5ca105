"""What commands share that only look."""

from contextlib import suppress

from outlast import App
from outlast.errors import WorldUnavailableError


async def notice_deaths(app: App) -> None:
    """Let runs that a dead worker holds be seen as such. If that cannot be written now, they are seen
    as running for a little longer: it is no reason not to show them."""
    with suppress(WorldUnavailableError):
        await app.notice_deaths()
