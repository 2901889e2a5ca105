"""`outlast resume`: handing a payload to a hook."""

import json
import re
from typing import Any

from rich.text import Text

from outlast._webhooks.tokens import PATH
from outlast.cli.arguments import broken_json
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.looking import operated
from outlast.cli.output import Output
from outlast.errors import HookPayloadError


async def command(
    token: str,
    payload: str | None = None,
    /,
    *,
    key: str | None = None,
    common: Common = DEFAULTS,
) -> int:
    """Hand a payload to the live hook that has the token. Durable on return. What does not fit the hook's schema
    resumes nothing.

    Parameters
    ----------
    token
        The hook's token, or a webhook's URL: see `outlast hooks`.
    payload
        JSON, or a text; null by default.
    key
        Stands for this payload: with the same key it is delivered once.
    """
    output = Output(common)
    async with operated(common) as app:
        try:
            run_id = await app.resume(_token(token), _value(payload), key=key)
        except HookPayloadError as error:
            _check_json(payload, error)
            raise
    output.show(Text(f"{run_id}  resumed"))
    output.document({"run": run_id})
    return Exit.OK


def _token(text: str) -> str:
    """The token that stands in the URL of a webhook; the text itself if it is none."""
    _, path, rest = text.partition(PATH)
    return re.split(r"[/?#]", rest)[0] if path else text


def _value(text: str | None) -> Any:
    """The JSON that a text is; the text itself if it is none."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _check_json(text: str | None, refused: HookPayloadError) -> None:
    """Raise `Problem` if the payload looks like JSON and is none: that is why it does not fit."""
    if text is None or not text.lstrip().startswith(("{", "[")):
        return
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise broken_json("the payload", error, "Nothing was resumed.") from refused
