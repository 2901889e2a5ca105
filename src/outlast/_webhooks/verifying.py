"""Who may resume a webhook: a scheme of signatures, or a function of the user's, found by its name."""

import asyncio
import inspect
import logging
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

import msgspec

from outlast._codec.classes import durable_module, is_local
from outlast._webhooks.requests import WebhookRequest
from outlast._webhooks.signatures import GitHub, Slack, StandardWebhooks, Stripe
from outlast.errors import DefinitionError, RequestError, SignatureError

logger: Final = logging.getLogger("outlast")

UserCheck: TypeAlias = Callable[[WebhookRequest], bool | str | Awaitable[bool | str]]
"""`True` takes the request. So does a text, which is not empty and stands for it: of what stands for the same, one is
delivered. Everything else refuses it, as a `SignatureError` does."""

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
    return _decided(check.name, await _asked(check.name, request))


def _decided(name: str, answer: object) -> str | None:
    """What the answer of the function means. Only what clearly takes a request does: who forgets a `return` refuses."""
    match answer:
        case True:
            return None
        case str() if answer:
            return answer
        case False:
            pass
        case _:
            # For whoever runs this. The value stays out of it, as it may be a secret.
            kind = "an empty str" if isinstance(answer, str) else type(answer).__name__
            logger.error(
                "a request to a webhook is refused: %s returned %s, and only True or a text takes one",
                name,
                kind,
            )
    raise SignatureError("the request was refused")


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
    answer = await asyncio.to_thread(function, request)
    return await answer if inspect.isawaitable(answer) else answer


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
