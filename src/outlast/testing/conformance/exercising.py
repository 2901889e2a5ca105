"""Running the whole suite, without a test framework."""

from collections.abc import Callable

import msgspec

from outlast.testing.conformance.checking import Check, WorldFactory
from outlast.testing.conformance.sections import ALL_CHECKS

CHECKS: tuple[Check, ...] = ALL_CHECKS
"""All checks, in the order of a story: each builds on what those before it have shown."""


class Failure(msgspec.Struct, frozen=True):
    """A check that a world does not pass."""

    check: str
    error: Exception


class Report(msgspec.Struct, frozen=True):
    """What became of the checks."""

    passed: tuple[str, ...]
    skipped: tuple[str, ...]
    """The reasons: `workers.the_dead_are_reaped_at_once needs a world that is declared ...`."""
    failed: tuple[Failure, ...]


async def exercise(fresh: Callable[[], WorldFactory]) -> Report:
    """Try every check; `fresh` gives, for each, a factory with an empty storage of its own."""
    passed: list[str] = []
    skipped: list[str] = []
    failed: list[Failure] = []
    for check in CHECKS:
        try:
            reason = await check.run(fresh())
        except Exception as error:  # noqa: BLE001 - whatever a world under check raises is its failure
            failed.append(Failure(check.id, error))
        else:
            (skipped if reason else passed).append(reason or check.id)
    return Report(tuple(passed), tuple(skipped), tuple(failed))
