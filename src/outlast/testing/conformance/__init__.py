"""The conformance suite: what every world does, as checks that run without a test framework.

A world's author makes a `WorldFactory` for an empty storage, and runs every check of `CHECKS` with it; or
calls `exercise`. A check that needs a capability which the world does not declare is skipped, with
the reason. The suite is versioned: `VERSION` goes up when a check is added or becomes stricter.
"""

from outlast.testing.conformance.checking import Check, WorldFactory
from outlast.testing.conformance.clock import SettableClock
from outlast.testing.conformance.exercising import CHECKS, Failure, Report, exercise
from outlast.testing.conformance.programs import same_as_memory

VERSION = 5

__all__ = [
    "CHECKS",
    "VERSION",
    "Check",
    "Failure",
    "Report",
    "SettableClock",
    "WorldFactory",
    "exercise",
    "same_as_memory",
]
