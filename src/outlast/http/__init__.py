"""The HTTP app: a JSON API for operators, and feeds of what goes on. Needs the extra `outlast[http]`."""

from outlast._extras import importing

with importing("http", ("httpx", "starlette")):
    from outlast.http.access import Access, BearerTokens, Loopback, Role
    from outlast.http.app import HttpApp, asgi
    from outlast.http.remote import RemoteApp
    from outlast.http.remote_run import RemoteRun

__all__ = [
    "Access",
    "BearerTokens",
    "HttpApp",
    "Loopback",
    "RemoteApp",
    "RemoteRun",
    "Role",
    "asgi",
]
