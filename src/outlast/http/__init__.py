"""The HTTP app: a JSON API for operators, and feeds of what goes on. Needs the extra `outlast[http]`."""

try:
    from outlast.http.access import Access, BearerTokens, Loopback, Role
    from outlast.http.app import HttpApp, asgi
    from outlast.http.remote import RemoteApp
    from outlast.http.remote_run import RemoteRun
except ModuleNotFoundError as error:
    missing = (error.name or "").partition(".")[0]
    if missing not in ("httpx", "starlette"):
        raise
    raise ModuleNotFoundError(
        f"outlast.http needs {missing}, which is not installed. "
        'Install the extra: pip install "outlast[http]".',
        name=missing,
    ) from error

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
