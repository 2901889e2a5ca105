"""`webhook`, in workflows."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, TypeAlias, TypeVar, overload

import msgspec

from outlast._api.hook_schemas import encode_data, typed
from outlast._api.hooks import Hook, hook_data
from outlast._api.where import workflow_only
from outlast._engine.commands import OpenHook
from outlast._engine.execution import Execution
from outlast._engine.hooks import HookState
from outlast._engine.lines import calling_line
from outlast._registry.durations import TimeLike, deadline
from outlast._webhooks.requests import Response, TypedRequest, WebhookRequest
from outlast._webhooks.row import WebhookRow, encode_row
from outlast._webhooks.signatures import Verification
from outlast._webhooks.sizes import size
from outlast._webhooks.tokens import PATH, webhook_token
from outlast._webhooks.verifying import Function, UserCheck, check_of
from outlast.errors import DefinitionError, SettingsError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Verify: TypeAlias = Verification | UserCheck
Manual: TypeAlias = Literal["manual"]

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Webhook(Hook[T_co]):
    """A hook with a URL. Await it for the next payload; iterate over it for all."""

    def __init__(
        self, execution: Execution, state: HookState, schema: Any, *, manual: bool
    ) -> None:
        super().__init__(execution, state, schema)
        self._manual = manual

    @property
    def url(self) -> str:
        """Where it is, for whoever is to resume it. It has the token in it, so it is a secret. The same at each replay,
        if the public address was known when the webhook was opened; otherwise it begins with what is known where the run
        goes on, and what is made of it is not compared.

        Where it is not known now either, the run is `blocked` until a worker has it that knows the address.
        """
        base = self._execution.hooks.told_base(self._state.command.ref)
        if not base:
            self._execution.need_setting(
                SettingsError(
                    "public_url",
                    ...,
                    "where workflows run",
                    "nobody has set it, and the URL of a webhook begins with it",
                    hint="Set OUTLAST_PUBLIC_URL=https://host.example, or open App(public_url=...).",
                )
            )
        return base + PATH + self.token

    def _value(self, payload: msgspec.Raw) -> Any:
        value = self._execution.decode(payload)
        plain = not isinstance(value, WebhookRequest)
        if self._schema is not None and not self._manual:
            return typed(value, self._schema)
        request = _resumed(value) if plain else value
        if self._schema is None:
            return request
        fitting = value if plain else getattr(value, "payload", None)
        return _with_payload(request, typed(fitting, self._schema))


@overload
def webhook(
    schema: type[T],
    *,
    respond: Manual,
    methods: Collection[str] = ("POST",),
    verify: Verify | None = None,
    max_body: int | str = "1 MiB",
    token_prefix: str | None = None,
    expires: TimeLike | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Webhook[TypedRequest[T]]: ...
@overload
def webhook(
    schema: type[T],
    *,
    respond: Response | None = None,
    methods: Collection[str] = ("POST",),
    verify: Verify | None = None,
    max_body: int | str = "1 MiB",
    token_prefix: str | None = None,
    expires: TimeLike | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Webhook[T]: ...
@overload
def webhook(
    schema: None = None,
    *,
    respond: Response | Manual | None = None,
    methods: Collection[str] = ("POST",),
    verify: Verify | None = None,
    max_body: int | str = "1 MiB",
    token_prefix: str | None = None,
    expires: TimeLike | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Webhook[WebhookRequest]: ...
@overload
def webhook(
    schema: Any,
    *,
    respond: Response | Manual | None = None,
    methods: Collection[str] = ("POST",),
    verify: Verify | None = None,
    max_body: int | str = "1 MiB",
    token_prefix: str | None = None,
    expires: TimeLike | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Webhook[Any]: ...
def webhook(
    schema: Any = None,
    *,
    respond: Response | Manual | None = None,
    methods: Collection[str] = ("POST",),
    verify: Verify | None = None,
    max_body: int | str = "1 MiB",
    token_prefix: str | None = None,
    expires: TimeLike | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Webhook[Any]:
    """Open a hook in a workflow that programs and people resume by its `.url`.

    Without a schema a payload is the `WebhookRequest`; with one it is the validated body. What does not fit the
    schema, is too large, or is not signed as it must be, is refused and not recorded.

    Args:
        schema: Any type that pydantic can validate.
        respond: What a request is answered once it is recorded: 202 without a body by default; a `Response` for
            every one; or `"manual"`: whoever asks waits until the run calls `request.respond(...)`, for at most
            `OUTLAST_RESPOND_WITHIN` (30 seconds by default). With a schema payloads are `TypedRequest` then.
        methods: Those that resume it. With `"GET"` beside `"POST"`, GET shows a page that says what is asked, and
            only its form, or another POST, resumes.
        verify: Checks a request before anything is recorded, where HTTP is served: `GitHub(secret="ENV_NAME")` or
            another scheme of `outlast.webhooks`, or a function at the top level of a module, `def` or `async def`,
            that takes the `WebhookRequest` and gives `True`, or a text that stands for it, to take it. All else
            refuses it.
        max_body: The most bytes of a body, such as `"64 KiB"`.
        token_prefix: What the token begins with, for those who look for leaked secrets.
        expires: When it stops to receive: seconds, a text, a `timedelta`, or an aware `datetime`.
        metadata: JSON values by name, for the page and for those who look at the hook from outside.

    Raises:
        NotAllowedHereError: This is not workflow code.
        DefinitionError: An option cannot be used, or the type has no JSON Schema.
        InvalidDurationError: `expires` is no time.
        EncodeError: The metadata cannot be stored.

    Awaiting it raises:
        HookExpiredError: It has expired, and all that it had received was taken.
    """
    execution = workflow_only("webhook()")
    hooks = execution.hooks
    check = check_of(verify)
    row = WebhookRow(
        methods=_checked_methods(methods, signed=not isinstance(check, Function | None)),
        max_body=size(max_body, "max_body"),
        response=_fixed(respond),
        manual=respond == "manual",
        verify=check,
    )
    data = hook_data(execution, schema, metadata)
    ref = hooks.next_ref("webhook")
    proof = hooks.token(ref, "webhook()")
    token = webhook_token(proof, execution.run_id, ref, token_prefix)
    base = hooks.base(ref)
    url = base + PATH + token if base else ""
    command = OpenHook(
        ref=ref,
        line=calling_line(),
        token=token,
        chosen=False,
        kind="webhook",
        expires_at=None if expires is None else deadline(expires, execution.now()),
        data=encode_data(
            msgspec.structs.replace(data, url=url, webhook=msgspec.Raw(encode_row(row)))
        ),
        base=base,
    )
    return Webhook(execution, hooks.ask(command), schema, manual=row.manual)


def _checked_methods(methods: Collection[str], *, signed: bool) -> tuple[str, ...]:
    given: Any = methods
    names = () if isinstance(given, str) else tuple(dict.fromkeys(methods))
    if not names or not set(names) <= set(METHODS):
        hint = f"Give a tuple of them: {', '.join(METHODS)}."
        raise DefinitionError("webhook()", f"methods={given!r} cannot be used", hint=hint)
    if "GET" in names and "POST" not in names:
        hint = "GET shows a page and resumes nothing; its form needs POST: methods=('GET', 'POST')."
        raise DefinitionError("webhook()", f"methods={given!r} cannot resume it", hint=hint)
    if "GET" in names and signed:
        hint = "Make two webhooks: one for people, and one for the program that signs."
        raise DefinitionError("webhook()", "a page with a form cannot sign requests", hint=hint)
    return names


def _fixed(respond: Any) -> Response | None:
    if respond is None or respond == "manual":
        return None
    if not isinstance(respond, Response):
        hint = "Give a Response, or 'manual' to answer each request by request.respond(...)."
        raise DefinitionError("webhook()", f"respond={respond!r} cannot be used", hint=hint)
    return respond


def _resumed(value: object) -> WebhookRequest:
    """The request that stands for a payload which came by `resume`. Nobody waits for its answer."""
    headers = {"content-type": "application/json"}
    return WebhookRequest(
        method="POST", headers=headers, body=msgspec.json.encode(value), answer=""
    )


def _with_payload(request: WebhookRequest, payload: Any) -> TypedRequest[Any]:
    return TypedRequest(
        method=request.method,
        headers=request.headers,
        query=request.query,
        body=request.body,
        answer=request.answer,
        payload=payload,
    )
