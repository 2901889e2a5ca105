"""The browser for the tests of pages: Debian's headless Chromium.

    python -m tools.browser     install it if it is missing and this may be done; else say what to do

`make setup` runs this. It never fails: without a browser, the tests in tests/browser are skipped and say so.
"""

import os
import shutil
import sys
from pathlib import Path

from tools import debian

NAMES = ("chromium-headless-shell", "chromium", "google-chrome-stable", "google-chrome")
PACKAGES = ("chromium-headless-shell", "fonts-dejavu-core")
BY_HAND = debian.by_hand(PACKAGES)


def find() -> Path | None:
    """The browser on this machine: that which `OUTLAST_CHROMIUM` names, or the first that is known by name."""
    chosen = os.environ.get("OUTLAST_CHROMIUM")
    found = shutil.which(chosen) if chosen else next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


def install() -> str | None:
    """Install it. Gives the reason if that cannot be done."""
    reason = debian.install(PACKAGES)
    return reason or (None if find() else "the packages have no browser")


def main() -> None:
    """Install it if it is missing."""
    if find() or os.environ.get("OUTLAST_CHROMIUM") == "":
        return
    print("setup: chromium, for the tests in a browser", flush=True)
    if reason := install():
        print(
            f"setup: chromium is not there: {reason}.\n"
            f"       The tests in a browser will be skipped. For those: {BY_HAND}\n"
            "       Or name a Chromium of yours: OUTLAST_CHROMIUM=/path/to/chromium",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
