"""What an app in a sandbox is made of, served to the browser of the user, who does not trust it either.

A preview is a document of an origin of its own: `Content-Security-Policy: sandbox` takes ours from it, wherever it is
opened. It may execute its scripts, and talk to nobody.
"""

from pathlib import PurePosixPath
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from examples.coding_agent.sandbox import PathRefusedError, SandboxMissingError
from examples.coding_agent.settings import sandboxes
from outlast.http import Loopback

POLICY: Final = "; ".join(
    (
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "media-src 'self' data:",
        "connect-src 'none'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_PLAIN: Final = "text/plain; charset=utf-8"
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


async def preview(request: Request) -> Response:
    """GET /preview/{sandbox}/{path}"""
    Loopback()(request)
    path = request.path_params["path"] or "index.html"
    kind = _KINDS.get(PurePosixPath(path).suffix.lower(), _PLAIN)
    return _file(request.path_params["sandbox"], path, kind, {"Content-Security-Policy": POLICY})


async def list_files(request: Request) -> Response:
    """GET /api/sandboxes/{sandbox}/files"""
    Loopback()(request)
    try:
        files = sandboxes().look(request.path_params["sandbox"]).files()
    except SandboxMissingError as error:
        return JSONResponse({"detail": str(error)}, status_code=404)
    return JSONResponse(
        {
            "files": [{"path": one.path, "size": one.size} for one in files],
            "total": sum(one.size for one in files),
            "limit": sandboxes().limits.total_size,
        },
        headers=_HEADERS,
    )


async def show_file(request: Request) -> Response:
    """GET /api/sandboxes/{sandbox}/files/{path}: as text, whatever it is."""
    Loopback()(request)
    policy = {"Content-Security-Policy": "sandbox; default-src 'none'"}
    return _file(request.path_params["sandbox"], request.path_params["path"], _PLAIN, policy)


def _file(sandbox: str, path: str, kind: str, more: dict[str, str]) -> Response:
    try:
        content = sandboxes().look(sandbox).read(path)
    except (SandboxMissingError, PathRefusedError) as error:
        return Response(str(error), status_code=404, media_type=_PLAIN, headers=_HEADERS | more)
    return Response(content, headers={**_HEADERS, **more, "Content-Type": kind})
