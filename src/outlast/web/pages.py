"""The pages: files that were built, and one page for all paths, which finds out by itself what to show."""

import hashlib
import html
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

STATIC: Final = Path(__file__).with_name("static")
"""What `make web` has built."""
MEDIA: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline: whatever a payload says, it cannot become a program."""
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_BASE: Final = '<base href="/">'
"""What the built page has in the place of where it is mounted."""
_PLAIN: Final = "/!$&'()*+,:;=@[]|~"
"""What browsers leave as it is in the path of an address: it must be spelled as they do."""


class Pages:
    """An ASGI application that serves the built files, and the page for all other paths."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files = {
            f"/{file.name}": (file.read_bytes(), MEDIA[file.suffix])
            for file in sorted(folder.iterdir())
            if file.suffix in MEDIA
        }
        self._page = (folder / "index.html").read_text(encoding="utf-8")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond."""
        await self._respond(Request(scope))(scope, receive, send)

    def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response("this is a page\n", 405, {"Allow": "GET, HEAD"}, "text/plain")
        root: str = request.scope.get("root_path", "")
        path: str = request.scope["path"].removeprefix(root)
        body, media = self._files.get(path) or (self._page_at(root), "text/html; charset=utf-8")
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers = HEADERS | {"ETag": tag, "Content-Type": media}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers)

    def _page_at(self, root: str) -> bytes:
        """The page, told where it is mounted."""
        base = f'<base href="{html.escape(quote(root.rstrip("/"), safe=_PLAIN))}/">'
        return self._page.replace(_BASE, base).encode()
