"""The browser for the tests of pages: Debian's headless Chromium.

    python -m tools.browser     install it if it is missing and this may be done; else say what to do

`make setup` runs this. It never fails: without a browser, the tests in tests/browser are skipped and say so.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "google-chrome-stable", "google-chrome")
PACKAGES = ("chromium-headless-shell", "fonts-dejavu-core")
BY_HAND = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
PATIENCE = {"update": 60.0, "download": 180.0, "install": 180.0}
"""How many seconds each part may take."""

_ENVIRONMENT = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_QUIET = ("-qq", "-o", "DPkg::Lock::Timeout=60", "-o", "Dpkg::Use-Pty=0")


def find() -> Path | None:
    """The browser on this machine: that which `OUTLAST_CHROMIUM` names, or the first that is known by name."""
    chosen = os.environ.get("OUTLAST_CHROMIUM")
    found = shutil.which(chosen) if chosen else next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


def install() -> str | None:
    """Install it. Gives the reason if that cannot be done."""
    apt = shutil.which("apt-get")
    if apt is None:
        return "this machine has no apt-get"
    if os.geteuid() != 0:
        return "only root may install it"
    wanted = ("install", "--yes", "--no-install-recommends", *PACKAGES)
    try:
        _run("update", (apt, "update"))
        # Apart from the rest, since a download can be broken off at any time and an installation should not be.
        _run("download", (apt, *wanted, "--download-only"))
        _run("install", (apt, *wanted))
    except subprocess.TimeoutExpired as error:
        return f"apt-get took longer than {error.timeout:.0f} s"
    except subprocess.CalledProcessError as error:
        lines = [line for line in str(error.stderr).splitlines() if line.startswith("E:")]
        return lines[0] if lines else f"apt-get ended with {error.returncode}"
    return None if find() else "the packages have no browser"


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


def _run(part: str, command: Sequence[str]) -> None:
    subprocess.run(
        [*command, *_QUIET],
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE[part],
    )


if __name__ == "__main__":
    main()
