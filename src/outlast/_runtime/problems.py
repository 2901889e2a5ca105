"""What went wrong in a run, in words for people."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from outlast._codec import Codec
from outlast.errors import OutlastError

logger: Final = logging.getLogger("outlast")


def problem_text(problem: Exception, codec: Codec) -> str:
    """The text of a problem. One that is no error of this library is a bug here, or comes out of the
    user's classes: it is logged with its traceback."""
    if isinstance(problem, OutlastError):
        return str(problem).encode(errors="backslashreplace").decode()
    logger.error("a run cannot go on, for an unexpected error", exc_info=problem)
    return f"its log could not be replayed: {codec.describe_error(codec.encode_error(problem))}"


def log_reports(run_id: str, reports: Sequence[dict[str, Any]]) -> None:
    """Log what asyncio has said about the tasks of a workflow."""
    for context in reports:
        logger.warning(
            context.get("message", "unhandled error in a workflow's task"),
            exc_info=context.get("exception"),
            extra={"run_id": run_id},
        )
