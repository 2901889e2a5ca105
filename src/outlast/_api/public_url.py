"""Where the HTTP app is, as others see it, where nobody has said it."""

from outlast._api.app import App


def learn_public_url(app: App, url: str) -> None:
    """Take what whoever serves an open app has found out. Raises `NoAppError` if the app is not open: set its
    `learnt_url` then, before its worker tries again what was blocked for want of an address."""
    if not app.runtime.public_base:
        app.runtime.public_base = url.rstrip("/")


async def free_blocked(app: App) -> None:
    """Let the worker of the app try again what is blocked, as it may know now what was missing.

    Raises `NoAppError` if the app is not open, and `WorldError`.
    """
    runtime = app.runtime
    if runtime.worker_id is not None:
        digests = {name: runtime.source_digest(name) for name in runtime.registry.workflows}
        await runtime.world.claims.unblock(digests)
