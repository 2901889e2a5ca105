"""The web UI: pages in front of the JSON API of `outlast.http`. Needs the extra `outlast[http]`."""

from outlast.http import Access, Role
from outlast.web.app import WebApp, asgi
from outlast.web.local import OwnMachine
from outlast.web.remote import RemoteApi

__all__ = ["Access", "OwnMachine", "RemoteApi", "Role", "WebApp", "asgi"]
