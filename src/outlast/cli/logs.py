"""The library's log on standard error."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from outlast.cli.consoles import harmless
from outlast.logs import RunFields

_FIELDS: Final = ("run_id", "step_id", "problem")


class _Formatter(logging.Formatter):
    """Time, level, message, and the fields that the library adds."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        head, newline, rest = text.partition("\n")
        fields = [f"{name}={getattr(record, name)}" for name in _FIELDS if hasattr(record, name)]
        return harmless(" ".join([head, *fields]) + newline + rest)


@contextmanager
def without_blocked_runs() -> Generator[None]:
    """Let the log not say that a run is blocked: whoever follows the run is told so anyway."""
    logger = logging.getLogger("outlast")
    logger.addFilter(_is_of_something_else)
    try:
        yield
    finally:
        logger.removeFilter(_is_of_something_else)


def _is_of_something_else(record: logging.LogRecord) -> bool:
    return "is blocked" not in str(record.msg)


def log_to_stderr() -> None:
    """Show warnings and errors. What the user's module has set up for logging stays as it is."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    handler.addFilter(RunFields())
    root.addHandler(handler)
