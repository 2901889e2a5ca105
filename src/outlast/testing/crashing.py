"""The death of a process, within the process of the test."""

from outlast._api.app import App


async def crash(app: App) -> None:
    """Let an app die as by `kill -9`: nothing is finished, written or handed back.

    Its runs stay held by a worker that is no more, as the world has them. The world object is closed;
    open another one, in another app, to recover. What code of steps is under way is cancelled, so that it
    does not outlive its process; but nothing that it still does reaches the world.

    The app's `async with` block may be left afterwards as usual. Idempotent.
    """
    await app.abandon()
