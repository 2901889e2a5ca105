"""`outlast top`: a live dashboard in the terminal. Textual, which draws it, is imported with `dashboard` alone."""

from outlast.cli.top.command import command

__all__ = ["command"]
