"""The sandbox of the coding agent, for its demo and its tests: Debian's bubblewrap.

    python -m tools.sandbox     install it if it is missing and this may be done; else say what to do

`make setup` runs this. It never fails: without bubblewrap the agent refuses to work, and its tests are skipped and say so.
"""

from tools import debian

PACKAGES = ("bubblewrap",)
BY_HAND = debian.by_hand(PACKAGES)


def main() -> None:
    """Install it if it is missing."""
    debian.provide(
        "bwrap", PACKAGES, shown="bubblewrap", tests="the tests of the coding agent's sandbox"
    )


if __name__ == "__main__":
    main()
