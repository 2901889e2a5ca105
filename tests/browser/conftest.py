"""A headless Chromium. Where there is none, these tests are skipped and say what to do."""

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

from tools import browser as chromium

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
"""It asks nobody but us."""
EXPECTED = ("Failed to load resource", "Error in chat ")
"""How messages begin that tell of a server that was killed, or has refused something: by the browser, by the AI SDK."""
LIMIT = 30_000
"""Milliseconds; no test comes near it."""

OpenPage: TypeAlias = Callable[..., Page]
"""Opens an empty page, of a phone by default, without JavaScript: see `open_page`."""


# Not for the session: while Playwright is there, a loop counts as running in this thread, and other tests run their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a module."""
    executable = chromium.find()
    if executable is None:
        pytest.skip(f"there is no Chromium; {chromium.BY_HAND}")
    expect.set_options(timeout=LIMIT)
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        try:
            launched = launch(executable_path=executable, args=QUIET, timeout=LIMIT)
        except Error as error:  # half installed, or without the libraries that it needs
            pytest.skip(f"{executable} does not start: {error.message.splitlines()[0]}")
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages; at the end none may have been refused anything, by its own policy or otherwise."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED):
            complaints.append(message.text)

    def opened(
        *,
        width: int = 390,
        theme: Literal["light", "dark"] = "light",
        javascript: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=theme,
            reduced_motion="reduce",  # nothing here is about motion, and each frame is computed
            java_script_enabled=javascript,
        )
        contexts.append(context)
        context.set_default_timeout(LIMIT)
        page = context.new_page()
        page.on("console", note)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
