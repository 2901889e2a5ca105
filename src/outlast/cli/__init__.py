"""The command line: `outlast`. An edge, made of the public API only."""

from outlast.cli.entry import main

__all__ = ["main"]
