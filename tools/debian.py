"""Installing Debian's packages for the tests that need a program. Nobody is asked, and nothing takes long."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

PATIENCE = {"update": 60.0, "download": 180.0, "install": 180.0}
"""How many seconds each part may take."""

_ENVIRONMENT = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_QUIET = ("-qq", "-o", "DPkg::Lock::Timeout=60", "-o", "Dpkg::Use-Pty=0")


def by_hand(packages: Sequence[str]) -> str:
    """The command that does it."""
    return f"apt-get install --no-install-recommends {' '.join(packages)}"


def install(packages: Sequence[str]) -> str | None:
    """Install them. Gives the reason if that cannot be done."""
    apt = shutil.which("apt-get")
    if apt is None:
        return "this machine has no apt-get"
    if os.geteuid() != 0:
        return "only root may install it"
    wanted = ("install", "--yes", "--no-install-recommends", *packages)
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
    return None


def provide(program: str, packages: Sequence[str], *, shown: str, tests: str) -> None:
    """Install what brings a program, if it is missing. Never fails: says what will be skipped, and what to do."""
    if shutil.which(program):
        return
    print(f"setup: {shown}, for {tests}", flush=True)
    if reason := install(packages):
        print(
            f"setup: {shown} is not there: {reason}.\n"
            f"       These will be skipped: {tests}. For those: {by_hand(packages)}",
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
