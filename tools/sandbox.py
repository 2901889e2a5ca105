"""The sandbox of the coding agent, for its demo and its tests: Debian's bubblewrap.

    python -m tools.sandbox     install it if it is missing and this may be done; else say what to do

`make setup` runs this. It never fails: without bubblewrap the agent refuses to work, and its tests are skipped and say so.
"""

import shutil
import sys

from tools import debian

PACKAGES = ("bubblewrap",)
BY_HAND = debian.by_hand(PACKAGES)


def main() -> None:
    """Install it if it is missing."""
    if shutil.which("bwrap"):
        return
    print("setup: bubblewrap, for the tests of the coding agent", flush=True)
    if reason := debian.install(PACKAGES):
        print(
            f"setup: bubblewrap is not there: {reason}.\n"
            f"       The tests of the coding agent's sandbox will be skipped. For those: {BY_HAND}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
