"""Keeping the tokens of webhooks out of the logs of servers: they stand in the address of a request."""

import logging
import re
from typing import Final

from outlast._webhooks.tokens import PATH

LOGGERS: Final = ("uvicorn.access", "hypercorn.access", "gunicorn.access")
"""Where servers tell of the requests that they have answered."""
_TOKEN: Final = re.compile(re.escape(PATH) + r"[^\s?\"'/]+")
_HIDDEN: Final = PATH + "***"


def hide_tokens() -> None:
    """From now on the logs of servers have `***` in the place of a token. Idempotent."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


class _HideTokens(logging.Filter):
    """Lets all records pass, and changes those that have a token."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not _TOKEN.search(record.getMessage()):
            return True
        if isinstance(record.args, tuple):  # formatters of servers take the parts
            record.args = tuple(_hidden(one) for one in record.args)
        else:
            record.msg, record.args = record.getMessage(), ()
        record.msg = _hidden(record.msg)
        return True


_FILTER: Final = _HideTokens()


def _hidden(value: object) -> object:
    return _TOKEN.sub(_HIDDEN, value) if isinstance(value, str) else value
