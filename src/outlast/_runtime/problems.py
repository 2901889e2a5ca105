"""Why a run is blocked, in words for people."""

import logging
from typing import Final

from outlast._codec import Codec
from outlast.errors import OutlastError

logger: Final = logging.getLogger("outlast")


def problem_text(problem: Exception, codec: Codec) -> str:
    """The text of a problem. One that is no error of this library is a bug here, or comes out of the
    user's classes: it is logged with its traceback."""
    if isinstance(problem, OutlastError):
        return str(problem).encode(errors="backslashreplace").decode()
    logger.error("a run cannot go on, for an unexpected error", exc_info=problem)
    text = codec.describe_error(codec.encode_error(problem))
    return f"its log could not be replayed: {text.type}: {text.message}"
