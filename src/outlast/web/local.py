"""Who may use the pages that somebody has opened for themselves."""

from starlette.requests import Request

from outlast.errors import AccessDeniedError
from outlast.http import Role
from outlast.http.access import is_local


class OwnMachine:
    """One role for this machine, nothing for all others; see `outlast.http.Loopback` for what counts as this machine."""

    def __init__(self, role: Role) -> None:
        self._role = role

    def __call__(self, request: Request) -> Role:
        """The role. Raises `AccessDeniedError`."""
        if is_local(request):
            return self._role
        raise AccessDeniedError(
            "these pages were opened for their own machine",
            hint="To serve them to others, mount outlast.web.asgi(), or set OUTLAST_HTTP_TOKENS and use `outlast serve`.",
        )
