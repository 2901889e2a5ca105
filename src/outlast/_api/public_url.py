"""Where the HTTP app is, as others see it, where nobody has said it."""

from outlast._api.app import App


def learn_public_url(app: App, url: str) -> None:
    """Take what whoever serves an app has found out. Raises `NoAppError` if the app is not open."""
    if not app.runtime.public_base:
        app.runtime.public_base = url.rstrip("/")
