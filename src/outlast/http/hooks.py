"""The operations on hooks. Tokens are secrets, so they stand in bodies and never in addresses."""

from typing import Annotated, Any, Final

import msgspec

from outlast.errors import RequestError
from outlast.http.access import Role
from outlast.http.operations import Asked, Operation
from outlast.records import HookInfo, HookPage, HookSort


class HooksQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of hooks is meant."""

    run: str | None = None
    """Of this run."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100
    """The most hooks to give."""
    cursor: str | None = None
    """That of the page before."""
    sort: HookSort = "-created"
    """Newest first; or `created`, oldest first."""


class TokenBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which hook is meant."""

    token: str


class ResumeBody(TokenBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payload for a hook."""

    payload: Any = None
    key: str | None = None
    """What comes with the same key again is delivered once."""


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """A payload is in the log of a run."""

    run_id: str


async def list_hooks(asked: Asked) -> HookPage:
    """In the order that is asked for."""
    query: HooksQuery = asked.query
    try:
        return await asked.app.list_hooks(
            query.run, limit=query.limit, cursor=query.cursor, sort=query.sort
        )
    except ValueError as error:
        raise RequestError(str(error), status=422) from error


async def find_hook(asked: Asked) -> HookInfo:
    """By its token."""
    body: TokenBody = asked.body
    return await asked.app.get_hook(body.token)


async def resume(asked: Asked) -> Resumed:
    """Durable on return."""
    body: ResumeBody = asked.body
    try:
        run_id = await asked.durably(asked.app.resume(body.token, body.payload, key=body.key))
    except ValueError as error:
        raise RequestError(str(error), status=422) from error
    return Resumed(run_id=run_id)


OPERATIONS: Final = (
    Operation(
        id="listHooks",
        summary="The live hooks, newest or oldest first, with their tokens",
        method="GET",
        path="/hooks",
        run=list_hooks,
        query=HooksQuery,
        result=HookPage,
        role=Role.OPERATE,
    ),
    Operation(
        id="findHook",
        summary="The live hook that has a token",
        method="POST",
        path="/hooks/find",
        run=find_hook,
        body=TokenBody,
        result=HookInfo,
        role=Role.OPERATE,
        errors=(404,),
    ),
    Operation(
        id="resumeHook",
        summary="Hand a payload to the live hook that has a token; durable on return",
        method="POST",
        path="/hooks/resume",
        run=resume,
        body=ResumeBody,
        result=Resumed,
        role=Role.OPERATE,
        errors=(404,),
    ),
)
