"""Errors as HTTP tells them: problem documents, RFC 9457."""

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from outlast._webhooks.tokens import PATH
from outlast.errors import (
    EncodeError,
    HookNotFoundError,
    HookPayloadError,
    InvalidArgumentsError,
    InvalidDurationError,
    NoAppError,
    OutlastError,
    PayloadTooLargeError,
    RequestError,
    RunNotFoundError,
    SignatureError,
    WorkflowNotFoundError,
    WorldUnavailableError,
)

MEDIA = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong."""

    type: str
    """`urn:outlast:error:SLUG`; `outlast explain SLUG` prints the page about it."""
    title: str
    status: int
    detail: str
    slug: str
    hint: str | None = None
    """What to do."""
    problems: tuple[str, ...] = ()
    """Each thing that is wrong, where there may be several."""
    errors: tuple[dict[str, Any], ...] = ()
    """The same for programs, where they are about a payload: `loc`, `msg` and `type`."""
    data: dict[str, str] = {}
    """What it is about: `run_id`, `workflow`, `name`, or the error's own fields."""


def status_of(error: OutlastError) -> int:
    """The status that tells of an error of the library."""
    match error:
        case RequestError(status=status):
            return status
        case RunNotFoundError() | HookNotFoundError():
            return 404
        case PayloadTooLargeError():
            return 413
        case InvalidArgumentsError() | InvalidDurationError() | EncodeError() | HookPayloadError():
            return 422
        case WorldUnavailableError() | NoAppError():
            return 503
        case _:
            return 500


def problem_of(error: OutlastError) -> Problem:
    """The document about an error of the library."""
    status = status_of(error)
    hint = getattr(error, "hint", None)
    return Problem(
        type=f"urn:outlast:error:{error.slug}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=str(error.args[0]) if error.args else HTTPStatus(status).phrase,
        slug=error.slug,
        hint=hint,
        problems=getattr(error, "problems", ()),
        errors=getattr(error, "details", ()),
        data=_data(error),
    )


def _data(error: OutlastError) -> dict[str, str]:
    match error:
        case RunNotFoundError(run_id=run_id):
            return {"run_id": run_id}
        case WorkflowNotFoundError(workflow=workflow):
            return {"workflow": workflow}
        case InvalidArgumentsError(name=name):
            return {"name": name}
        case PayloadTooLargeError(size=size, limit=limit, what=what):
            return {"size": str(size), "limit": str(limit), "what": what}
        case InvalidDurationError(value=value, reason=reason):
            return {"value": str(value), "reason": reason}
        case _:
            return {}


async def tell_error(_request: Request, error: Exception) -> Response:
    """The response to an error of the library."""
    assert isinstance(error, OutlastError)  # noqa: S101 - registered for these
    return response_of(problem_of(error))


async def tell_refusal(request: Request, error: Exception) -> Response:
    """The response where the routes refuse: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
    if error.status_code == HTTPStatus.NOT_FOUND:
        refused = _nothing_at(request)
    else:
        refused = RequestError(error.detail, status=error.status_code)
    return response_of(problem_of(refused), dict(error.headers or {}))


def _nothing_at(request: Request) -> RequestError:
    root: str = request.scope["root_path"]
    path, base = request.scope["path"].removeprefix(root), request.app.base
    if f"{path}/".startswith(
        PATH
    ):  # of others than the users of the API, who are to learn nothing of it
        return RequestError("there is nothing here", status=404)
    told = f"The API is at {root}{base or '/'}"
    if path == (base or "/"):
        told = f"The API describes itself at {root}{base}/openapi.json"
    return RequestError("there is nothing at this path", status=404, hint=told)


async def tell_fault(_request: Request, _error: Exception) -> Response:
    """The response to what nobody foresaw. What it was stands in the server's log, not here."""
    return response_of(problem_of(OutlastError("the server failed at this request; see its log")))


def response_of(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """The document as a response."""
    headers = dict(headers or {})
    if problem.status == 401:
        signed = problem.slug == SignatureError.slug
        headers["WWW-Authenticate"] = "Signature" if signed else "Bearer"
    if problem.status == 503:
        headers["Retry-After"] = "1"
    return Response(msgspec.json.encode(problem), problem.status, headers=headers, media_type=MEDIA)
