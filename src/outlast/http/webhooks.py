"""Webhooks over HTTP: public, by their tokens alone. Everything is checked before anything is recorded."""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from outlast import App
from outlast._webhooks.receiving import (
    Found,
    answer_to,
    check_request,
    find_webhook,
    is_signed,
    is_verified,
    key_of,
    place_of,
    take,
    taken_with,
)
from outlast._webhooks.requests import media_type
from outlast.errors import (
    AccessDeniedError,
    HookNotFoundError,
    NoAppError,
    OutlastError,
    RequestError,
    SettingsError,
    WorldError,
)
from outlast.http.draining import Reader, Readers
from outlast.http.problems import problem_of, response_of, tell_error, tell_fault, tell_refusal
from outlast.http.reading import body_within, decoded, too_long
from outlast.http.webhook_pages import (
    confirm,
    form_payload,
    is_form,
    read_form,
    recorded_before,
    submit,
    submitted_before,
    told,
)
from outlast.webhooks import Response as Answer
from outlast.webhooks import WebhookRequest

logger: Final = logging.getLogger("outlast")

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address is a secret
    "X-Content-Type-Options": "nosniff",
}
_LONGEST_KEY: Final = 500
_LONGEST_FORM: Final = 2**20


class Webhooks:
    """The webhooks of an app."""

    def __init__(self, app: App, readers: Readers, *, respond_within: float) -> None:
        self._app, self._readers, self._respond_within = app, readers, respond_within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request with whatever method; the token is the path parameter `token`.

        Faults that nobody foresaw are answered, and raised for the log of the server.
        """
        request = Request(scope, receive, send)
        try:
            response = await self._respond(request)
        except OutlastError as error:
            response = await tell_error(request, error)
        except HTTPException as error:
            response = await tell_refusal(request, error)
        except Exception as error:
            response = await tell_fault(request, error)
            await response(scope, receive, send)
            raise
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._served(request)
        except (HookNotFoundError, AccessDeniedError, RequestError) as error:
            if (page := told(request, error)) is not None:
                return page
            if isinstance(error, HookNotFoundError):
                raise HTTPException(404) from None  # as where there is nothing at all
            raise
        except (WorldError, NoAppError) as error:
            # For whoever runs this. Where the database is, is nothing for strangers.
            logger.error("a request to a webhook cannot be served: %s", error)  # noqa: TRY400 - the message says it all
            return _away(request)

    async def _served(self, request: Request) -> Response:
        try:
            found = await find_webhook(self._app.runtime, request.path_params["token"])
        except RequestError as over:
            return await self._sent_again(request, over)
        if request.method in ("GET", "HEAD") and found.row.has_page:
            return await confirm(self._app, found)
        if request.method not in found.row.methods:
            return _not_allowed(found)
        headers = _headers(request)
        body = await body_within(
            request.receive, found.row.max_body, headers.get("content-length", "")
        )
        if body is None:
            return _too_large(found)
        return await self._take(request, found, _incoming(request, headers, body))

    async def _sent_again(self, request: Request, over: RequestError) -> Response:
        """The webhook is over. Who sends again what it has taken is told that it was taken, unless `verify` had to
        take it: that is gone with the webhook, and who only names a key may be anybody. Raises `over`."""
        token, headers = request.path_params["token"], _headers(request)
        key = key_of(headers)
        if key and is_verified(key):
            raise over
        runtime = self._app.runtime
        if key and (taken := await taken_with(runtime, token, key.__eq__)) is not None:
            place = place_of(runtime, taken)
            return await self._answer(request, place, key) if place else _accepted()
        incoming = _incoming(request, headers, b"")
        if is_form(incoming) and request.method == "POST":
            length = headers.get("content-length", "")
            body = await body_within(request.receive, _LONGEST_FORM, length)
            incoming = _incoming(request, headers, body or b"")
            with suppress(AccessDeniedError, RequestError):
                if await submitted_before(self._app, token, request, incoming):
                    return recorded_before()
        raise over

    async def _take(self, request: Request, found: Found, incoming: WebhookRequest) -> Response:
        key = await self._checked(found, incoming)
        if found.row.has_page and is_form(incoming):
            place, page = await submit(self._app, found, request, incoming, key)
            if place is None or not found.row.manual:
                return page
        else:
            payload = _payload(found, incoming) if found.has_schema else None
            place = await take(self._app.runtime, found, incoming, payload, key)
        if found.row.manual:
            return await self._answer(request, place, key)
        return _accepted() if found.row.response is None else _response(found.row.response)

    async def _checked(self, found: Found, incoming: WebhookRequest) -> str | None:
        try:
            key = await check_request(self._app.runtime, found, incoming)
        except SettingsError as error:
            # For whoever runs this; the sender is to learn nothing of it.
            logger.error("a webhook cannot be checked here: %s", error)  # noqa: TRY400 - the message says it all
            raise RequestError(
                "requests to this webhook cannot be checked for now", status=503
            ) from None
        if key is not None and not (len(key) <= _LONGEST_KEY and key.isprintable()):
            raise RequestError(f"a key has at most {_LONGEST_KEY} printable characters")
        return key

    async def _answer(self, request: Request, place: str, key: str | None) -> Response:
        """What the run answers, unless the time is over, whoever asks goes away, or the server stops."""
        reader = Reader(None)
        self._readers.add(reader)
        answer = asyncio.ensure_future(answer_to(self._app.runtime, place, self._respond_within))
        gone = asyncio.ensure_future(_gone(request))
        waits: set[asyncio.Future[Any]] = {answer, gone, reader.leaving}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._readers.remove(reader)
            for task in (answer, gone):
                task.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)
        if answer.cancelled():
            raise _recorded("the server stops", key)
        try:
            return _response(answer.result())
        except (WorldError, NoAppError) as error:
            logger.error("the answer to a webhook cannot be read: %s", error)  # noqa: TRY400 - the message says it all
            raise _recorded("its answer cannot be read for now", key) from None


def _recorded(reason: str, key: str | None) -> RequestError:
    """Not 503, on which senders try again: without a key that would be recorded as another request."""
    match key:
        case None:
            hint = "Do not send it again."
        case str() if is_signed(key):
            hint = "Send the same again, and get its answer."
        case _:
            hint = "Send it again with the same Idempotency-Key, and get its answer."
    return RequestError(f"{reason}; the request is recorded", status=504, hint=hint)


def _away(request: Request) -> Response:
    hint = "Send it again in a moment."
    away = RequestError("requests cannot be taken for now", status=503, hint=hint)
    return told(request, away) or response_of(problem_of(away))


def _headers(request: Request) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _incoming(request: Request, headers: dict[str, str], body: bytes) -> WebhookRequest:
    query: dict[str, list[str]] = {}
    if request.scope["query_string"]:
        for name, value in request.query_params.multi_items():
            query.setdefault(name, []).append(value)
    return WebhookRequest(method=request.method, headers=headers, query=query, body=body)


def _payload(found: Found, incoming: WebhookRequest) -> Any:
    """What the body stands for: JSON, or the fields of a form. Raises `RequestError`."""
    if is_form(incoming):
        return form_payload(found, read_form(incoming))
    if media_type(incoming.headers).startswith("multipart/"):
        message = "a form must be application/x-www-form-urlencoded here, not multipart/form-data"
        raise RequestError(message, status=415)
    if (coding := incoming.headers.get("content-encoding", "identity")) != "identity":
        raise RequestError(f"a body with the Content-Encoding {coding} is not read", status=415)
    return decoded(incoming.body, object)


def _too_large(found: Found) -> Response:
    refused = too_long(found.row.max_body)
    return response_of(problem_of(refused), {"Connection": "close"})  # the rest is not read


def _not_allowed(found: Found) -> Response:
    methods = (*found.row.methods, *(("HEAD",) if found.row.has_page else ()))
    refused = RequestError("this webhook does not take this method", status=405)
    return response_of(problem_of(refused), {"Allow": ", ".join(methods)})


def _accepted() -> Response:
    """What most requests are answered. Its headers are made once, and the list of them for each: what stands between
    here and the server may add its own."""
    response = Response(status_code=202)
    response.raw_headers = list(_ACCEPTED)
    return response


def _response(answer: Answer) -> Response:
    response = Response(b"" if answer.status in _BODILESS else answer.body, answer.status)
    for name, value in {**HEADERS, **answer.headers}.items():
        if name.lower() not in _OURS:
            response.headers[name] = value
    return response


_BODILESS: Final = (204, 304)
_OURS: Final = frozenset({"connection", "content-length", "transfer-encoding"})
_ACCEPTED: Final = _response(Answer(status=202)).raw_headers


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
