"""The page of a webhook for people: GET shows it and resumes nothing, its form does."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from outlast import App
from outlast._ids import new_secret
from outlast._webhooks import page
from outlast._webhooks.form_bodies import body_of
from outlast._webhooks.receiving import Found, take, taken_with
from outlast._webhooks.requests import media_type
from outlast._webhooks.submitting import payload_of, problems_by_field
from outlast.errors import (
    AccessDeniedError,
    HookNotFoundError,
    HookPayloadError,
    OutlastError,
    RequestError,
)
from outlast.http.access import refuse_other_sites
from outlast.http.problems import status_of
from outlast.webhooks import WebhookRequest

FORM: Final = "application/x-www-form-urlencoded"


def is_form(incoming: WebhookRequest) -> bool:
    """Whether the body is what browsers make of a form."""
    return media_type(incoming.headers) == FORM


def form_payload(found: Found, form: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What a form stands for that a program has sent: its fields are those of the schema."""
    return body_of(form, _schema(found) or {})


def told(request: Request, error: OutlastError) -> Response | None:
    """The page for a person who could not be served; `None` for a program."""
    if "text/html" not in request.headers.get("accept", ""):
        return None
    match error:
        case HookNotFoundError():
            return _html(page.not_found(), 404)
        case AccessDeniedError():
            return _html(
                page.notice(
                    "This form cannot be used",
                    "It was not sent by the page of this request. Open the link again, and answer there.",
                ),
                403,
            )
        case RequestError(status=410):
            return _html(page.gone(), 410)
        case RequestError(status=503):
            return _html(
                page.notice("This does not work right now", "Please try again in a moment."), 503
            )
        case _:
            text = f"{error.args[0]}."
            html = page.notice("This did not work", text[0].upper() + text[1:])
            return _html(html, status_of(error))


async def confirm(app: App, found: Found) -> Response:
    """The page that asks."""
    about = await _about(app, found)
    proof = _proof(found.record.token, new_secret())
    return _html(page.confirmation(_schema(found), about, proof))


async def submit(
    app: App, found: Found, request: Request, incoming: WebhookRequest, key: str | None
) -> tuple[str | None, Response]:
    """Take what the form of the page has sent: the place of the run's answer, if it was taken, and the page that says
    what was recorded, or what is wrong. Sent twice, it is recorded once; changed and sent again, it is another answer."""
    form = read_form(incoming)
    nonce = _checked_proof(found.record.token, request, form.pop(page.CSRF, [""])[0])
    about, schema = await _about(app, found), _schema(found)
    submitted = payload_of(form, schema)
    problems = submitted.problems
    if not problems:
        answer = hashlib.blake2b(msgspec.json.encode(submitted.payload), digest_size=16).hexdigest()
        try:
            place = await take(
                app.runtime, found, incoming, submitted.payload, key or f"{_kept(nonce)}{answer}"
            )
        except HookPayloadError as error:
            problems = problems_by_field(error.problems, schema or {})
        else:
            return place, _html(page.recorded(about, submitted.payload, schema))
    proof = _proof(found.record.token, nonce)
    return None, _html(page.confirmation(schema, about, proof, form, problems), 422)


async def submitted_before(
    app: App, token: str, request: Request, incoming: WebhookRequest
) -> bool:
    """Whether the form that is sent has been recorded before: who presses its button twice is answered twice, the
    second time when the run may be over. Raises `RequestError` and `AccessDeniedError`."""
    nonce = _checked_proof(token, request, read_form(incoming).get(page.CSRF, [""])[0])
    taken = await taken_with(app.runtime, token, lambda key: key.startswith(_kept(nonce)))
    return taken is not None


def recorded_before() -> Response:
    """The page for a form that has been recorded before, by a webhook that is over now."""
    html = page.notice(
        "Your answer is recorded",
        "It was recorded when this form was sent first. You can close this page.",
    )
    return _html(html)


def read_form(incoming: WebhookRequest) -> dict[str, list[str]]:
    """The fields. Raises `RequestError`."""
    try:
        return incoming.form()
    except ValueError as error:
        raise RequestError(f"the body is no form: {error}") from error


def _kept(nonce: str) -> str:
    """What the keys begin with of all that a form has sent."""
    return f"form:{nonce}:"


def _checked_proof(token: str, request: Request, proof: str) -> str:
    """What tells this form from others. Raises `AccessDeniedError` for one that a page of somebody else has."""
    refuse_other_sites(request)
    nonce = proof.partition(".")[0]
    if not hmac.compare_digest(_proof(token, nonce).encode(), proof.encode(errors="replace")):
        raise AccessDeniedError(
            "this form was not sent by the page of the webhook", hint="Open the link again."
        )
    return nonce


def _proof(token: str, nonce: str) -> str:
    """Only who has the token can make one, in whatever process."""
    key = hashlib.blake2b(token.encode(), person=b"outlast form").digest()
    made = hashlib.blake2b(nonce.encode(errors="replace"), key=key, digest_size=18)
    return f"{nonce}.{made.hexdigest()}"


async def _about(app: App, found: Found) -> page.About:
    info = await app.get_run(found.record.run_id).info()
    metadata: dict[str, Any] = {}
    if found.data.metadata:
        metadata = msgspec.json.decode(found.data.metadata)
    title = str(metadata.pop("title", ""))
    return page.About(run_id=info.id, workflow=info.workflow, title=title, metadata=metadata)


def _schema(found: Found) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = (
        msgspec.json.decode(found.data.schema) if found.has_schema else None
    )
    return schema


def _html(html: str, status: int = 200) -> Response:
    headers = dict(page.HEADERS)
    if status == 503:
        headers["Retry-After"] = "1"
    return Response(html, status, headers=headers)
