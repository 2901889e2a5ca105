"""`outlast demo`: see a run outlast the death of its worker, and the proof of it."""

from outlast.cli.demo.command import command

__all__ = ["command"]
