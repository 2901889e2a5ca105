"""Who may resume a webhook: a scheme of signatures, or a function of the user's, found by its name."""

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

import msgspec

from outlast._codec.classes import durable_module, is_local
from outlast._webhooks.requests import WebhookRequest
from outlast._webhooks.signatures import GitHub, Slack, StandardWebhooks, Stripe
from outlast.errors import DefinitionError, RequestError, SignatureError

UserCheck: TypeAlias = Callable[[WebhookRequest], bool | str | Awaitable[bool | str | None] | None]
"""`False` refuses the request, as a `SignatureError` does. A text stands for the request: of what stands for the same,
one is delivered."""

_MAIN: Final = "__main__"


class Function(msgspec.Struct, frozen=True, tag_field="scheme", tag="function"):
    """A function of the user's, which the serving process must have loaded."""

    name: str
    """Module and name: `shop.payments:is_ours`."""


Check: TypeAlias = StandardWebhooks | GitHub | Stripe | Slack | Function
"""What the row of a webhook says of who may resume it."""


def check_of(verify: Any) -> Check | None:
    """What is recorded for `webhook(verify=...)`. Raises `DefinitionError` for what another process cannot find."""
    if verify is None or isinstance(verify, Check):
        return verify
    if not inspect.isfunction(verify):
        reason = f"verify={verify!r} is neither a scheme nor a function"
        raise DefinitionError("webhook()", reason, hint="Give GitHub(secret='...') or a function.")
    name = f"{durable_module(verify.__module__)}:{verify.__qualname__}"
    if is_local(name) or _found(name) is None:
        raise DefinitionError(
            "webhook()",
            f"verify={verify.__qualname__} cannot be found by its name",
            hint="The process that serves HTTP looks it up: define it with `def` at the top level of a module.",
        )
    return Function(name)


async def verified(check: Check | None, request: WebhookRequest, now: datetime) -> str | None:
    """What the request stands for, if it may be taken: of what stands for the same, one is delivered.

    Raises `SignatureError`, and `RequestError` where this process has not loaded the function.
    """
    if check is None:
        return None
    if not isinstance(check, Function):
        return check(request, now)
    answer = await _asked(check.name, request)
    if answer is False:
        raise SignatureError("the request was refused")
    return answer if isinstance(answer, str) else None


async def _asked(name: str, request: WebhookRequest) -> object:
    function = _found(name)
    if function is None:
        raise RequestError(
            "the function that checks requests to this webhook is not loaded here",
            status=503,
            hint="Import its module where HTTP is served: outlast serve MODULE.",
        )
    if inspect.iscoroutinefunction(function):
        return await function(request)
    return await asyncio.to_thread(function, request)


def _found(name: str) -> Any:
    """The function of that name among the loaded modules: nothing is imported by a name found in data."""
    module, _, path = name.partition(":")
    places = (_MAIN, module) if module == durable_module(_MAIN) else (module,)
    for place in places:
        found: Any = sys.modules.get(place)
        for part in path.split("."):
            found = getattr(found, part, None)
        if inspect.isfunction(found):
            return found
    return None
