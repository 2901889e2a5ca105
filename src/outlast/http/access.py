"""Who may use the HTTP API: this machine only, whoever has a token, or what the user's function says."""

import hashlib
import hmac
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from ipaddress import ip_address
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from starlette.requests import Request

from outlast._api.setting_table import checked_bearer_token
from outlast._api.settings import HIDDEN, setting
from outlast.errors import AccessDeniedError, SettingsError

logger: Final = logging.getLogger("outlast")

VARIABLE: Final = "OUTLAST_HTTP_TOKENS"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_PROXIED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Role(StrEnum):
    """What somebody may do."""

    READ = "read"
    """Look at runs, their logs and streams, and at workers."""
    OPERATE = "operate"
    """Everything: also start, cancel, wake and resume."""


Access: TypeAlias = Callable[[Request], Role | Awaitable[Role | None] | None]
"""Gives the role of whoever sent a request; `None` if they may do nothing, as everything else that is no role. May raise `AccessDeniedError`."""


class Loopback:
    """Everything for this machine, nothing for all others: what holds without configuration.

    The client's address must be loopback and the name that it asked for too, so that no page in a browser gets
    here by a name that it has resolved to this machine; and no proxy may have passed the request on.
    """

    def __call__(self, request: Request) -> Role:
        """The role. Raises `AccessDeniedError`."""
        if is_local(request):
            return Role.OPERATE
        raise AccessDeniedError(
            "without configuration this API answers its own machine only",
            hint=f"Set tokens where it is served, {VARIABLE}=operate:..., or pass access=... to asgi().",
        )


class BearerTokens:
    """The roles of those who send `Authorization: Bearer TOKEN`. Compared in constant time; only digests are kept.

    Raises `SettingsError`, which does not show it, for a token of fewer than 16 characters.
    """

    def __init__(self, *, operate: Iterable[str] = (), read: Iterable[str] = ()) -> None:
        by_role = ((Role.OPERATE, operate), (Role.READ, read))
        self._roles = tuple(
            (_digest(_checked(token)), role) for role, tokens in by_role for token in tokens
        )

    def __call__(self, request: Request) -> Role:
        """The role. Raises `AccessDeniedError`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise AccessDeniedError(
                "a bearer token is needed", status=401, hint="Send: Authorization: Bearer TOKEN"
            )
        given, found = _digest(token.strip()), None
        for known, role in self._roles:  # all of them, so that the time tells nothing
            if hmac.compare_digest(known, given):
                found = found or role
        if found is None:
            raise AccessDeniedError("this bearer token is not known", status=401)
        return found


def is_local(request: Request) -> bool:
    """Whether a request was made on this machine, and not passed on by a proxy."""
    host = request.client.host if request.client else ""
    asked_for = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    proxied = any(name in request.headers for name in _PROXIED)
    return _is_loopback(host) and _is_loopback(asked_for) and not proxied


def find_access(given: Access | None) -> Access:
    """What is given; or tokens from the environment; or this machine only. Raises `SettingsError`."""
    if given is not None:
        return given
    pairs: tuple[tuple[str, str], ...] | None = setting("http_tokens")
    if pairs is None:
        return Loopback()
    return BearerTokens(
        operate=[token for role, token in pairs if role == Role.OPERATE],
        read=[token for role, token in pairs if role == Role.READ],
    )


async def check_access(access: Access, request: Request, needed: Role) -> Role:
    """The role of whoever sent the request. Raises `AccessDeniedError` unless they may do what needs this one."""
    if request.method not in SAFE_METHODS:
        refuse_other_sites(request)
    answer = access(request)
    role = _checked_role(await answer if inspect.isawaitable(answer) else answer)
    if role is None:
        raise AccessDeniedError("you may not use this API")
    if needed is Role.OPERATE and role is not Role.OPERATE:
        raise AccessDeniedError("this needs the role 'operate', and you have 'read'")
    return role


def _checked_role(answer: object) -> Role | None:
    """What the answer of the function means. Only a role lets anybody in: not `True`, nor a `False` that was meant to
    keep them out."""
    if answer is None or isinstance(answer, Role):
        return answer
    # For whoever runs this. The value stays out of it, as it may be a secret.
    kind = type(answer).__name__
    logger.error("a request is refused: access returned %s, and only a Role lets anybody in", kind)
    return None


def refuse_other_sites(request: Request) -> None:
    """Raise `AccessDeniedError` for what a page of another site has sent.

    Browsers tell of the page that makes them send a request. One of another site has no say here, whatever
    cookies or addresses the browser adds to it. Old browsers name the page alone; behind a proxy that name
    need not be the Host that arrives here, so it counts only where nothing better was said."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if site is None:
        same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    else:
        same = site in ("same-origin", "none")
    if not same:
        raise AccessDeniedError("this request was made by a page of another site")


def _checked(token: str) -> str:
    try:
        return checked_bearer_token(token)
    except ValueError as error:
        raise SettingsError("token", HIDDEN, "BearerTokens", str(error)) from error


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
