"""The table of settings: what each is when nobody sets it, and what a value of it must be."""

from collections.abc import Callable, Collection
from typing import Any, Final, NoReturn, TypeAlias, cast
from urllib.parse import SplitResult, urlsplit

import msgspec

from outlast._registry.durations import duration
from outlast._registry.names import LONGEST_NAME, is_name
from outlast._runtime.system import SystemClock
from outlast.errors import WorldError
from outlast.worlds import world_from_url

Read: TypeAlias = Callable[[Any], Any]
"""Takes a value as it was written, gives it as it is used. Raises `ValueError` that says what it must be."""

API_SCHEMES: Final = ("http://", "https://")
"""How the URL of an HTTP API begins, and not that of a world."""
SHORTEST_TOKEN: Final = 16
"""In characters: the shortest bearer token that is accepted."""


class Setting(msgspec.Struct, frozen=True):
    """One of them: what it is when nobody sets it, and how a value is read."""

    default: Any
    read: Read
    from_text: Read = str
    """What a text of the environment is before it is read."""
    secret: bool = False
    """Whether it must not be shown, nor stand in a file."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        _must("be a text")
    return value


def _version(value: Any) -> str:
    text = _text(value)
    if not is_name(text):
        _must(f"be a text of 1 to {LONGEST_NAME} printable characters")
    return text


def _url(value: Any) -> str:
    """One of a world, or of an HTTP API, which only the command line can use."""
    url = _text(value)
    if url.startswith(API_SCHEMES):
        api_parts(url)
    else:
        try:
            world_from_url(url, SystemClock())
        except WorldError as error:
            # What lacks is the driver then: that tells of the installation, and not of the URL.
            if not isinstance(error.__cause__, ModuleNotFoundError):
                raise
    return url


def _public_url(value: Any) -> str:
    """What the URLs of webhooks begin with."""
    url = _text(value)
    if "@" in url:  # wherever: what follows a / or a # may be the rest of a password
        _must("have no name and no password: others will see it")
    parts = urlsplit(url)
    _ = parts.port  # raises ValueError for one that can be none
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        _must("be a URL that begins with https:// or http://, without ? and #")
    return url.rstrip("/")


def api_parts(url: str) -> SplitResult:
    """The parts of the URL of an HTTP API. Raises `WorldError` if it is none."""
    try:
        return urlsplit(url)
    except ValueError:  # which quotes the host, and that may have a password before it
        raise WorldError(
            url.partition("://")[0] + "://",
            "this is no URL: what stands before the / cannot be a host",
            hint="Give the URL that `outlast serve` prints, such as http://127.0.0.1:8000/api/v1.",
        ) from None


def checked_bearer_token(value: Any) -> str:
    """A bearer token that is to be accepted. Raises `ValueError`, which does not show it."""
    token = _credential(value)
    if len(token) < SHORTEST_TOKEN:
        _must(f"have at least {SHORTEST_TOKEN} characters")
    return token


def _credential(value: Any) -> str:
    """What can stand in a header."""
    text: str = _text(value)
    if not text.isascii() or not text.isprintable() or " " in text:
        _must("have printable characters of ASCII only, and no blanks")
    return text


def _http_tokens(value: Any) -> tuple[tuple[str, str], ...]:
    """Pairs of a role and a token: `operate:TOKEN, read:TOKEN`."""
    pairs: list[tuple[str, str]] = []
    for entry in _text(value).split(","):
        role, colon, token = entry.strip().partition(":")
        if not colon or role not in ("operate", "read"):
            _must("list operate:TOKEN or read:TOKEN, with commas")
        pairs.append((role, checked_bearer_token(token.strip())))
    return tuple(pairs)


def _flag(value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    flag = words.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(flag, bool):
        _must("be true or false")
    return flag


def _number(least: int) -> Read:
    def read(value: Any) -> int:
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            _must("be a whole number")
        if value < least:
            _must(f"be at least {least}")
        return value

    return read


def _seconds(text: str) -> str | float:
    """A number without a unit is one of seconds, as it is in the file."""
    try:
        return float(text)
    except ValueError:
        return text


def _length(value: Any) -> Any:
    duration(value)
    return value


def _lease(value: Any) -> Any:
    if duration(value) < 1_000_000:
        _must("be at least 1 second")
    return value


def _length_or_never(value: Any) -> Any:
    return None if value is None else _length(value)


def _queues(value: Any) -> tuple[str, ...]:
    """A text is a list only in the environment: to users without a type checker it must not become many
    queues of one letter."""
    listed = [name.strip() for name in value.split(",")] if isinstance(value, str) else value
    if not isinstance(listed, tuple | list | set | frozenset) or not listed:
        _must("list queues")
    names = cast("Collection[object]", listed)
    for name in names:
        if not is_name(name):
            _must(f"list texts of 1 to {LONGEST_NAME} printable characters")
    return tuple(cast("Collection[str]", names))


def _must(be: str) -> NoReturn:
    message = f"it must {be}"
    raise ValueError(message)


SETTINGS: Final[dict[str, Setting]] = {
    "url": Setting("sqlite:///.outlast/outlast.db", _url),
    "version": Setting(None, _version),
    "queues": Setting(("default",), _queues),
    "max_live_runs": Setting(2_000, _number(1)),
    "max_steps": Setting(1_000, _number(1)),
    "max_threads": Setting(32, _number(1)),
    "lease": Setting("30s", _lease, _seconds),
    "linger": Setting("1s", _length, _seconds),
    "slow_step_after": Setting("100ms", _length, _seconds),
    "step_input_limit": Setting(1_024, _number(0)),
    "recovery_limit": Setting(10, _number(1)),
    "stream_buffer_chunks": Setting(10_000, _number(1)),
    "stream_buffer_bytes": Setting(4 * 1024 * 1024, _number(1)),
    "grace": Setting("10s", _length, _seconds),
    "retention": Setting(None, _length_or_never, _seconds),
    "http_tokens": Setting(None, _http_tokens, secret=True),
    "token": Setting(None, _credential, secret=True),
    "public_url": Setting(None, _public_url),
    "respond_within": Setting("30s", _length, _seconds),
    "verify_replay": Setting(False, _flag),  # noqa: FBT003 - it is the default of a flag
    "otel": Setting(False, _flag),  # noqa: FBT003 - the same
}
"""All of them. What the worker's mean is said at `WorkerOptions`; `url` names the world, `version` is
what runs that start here record as the version of their code, `public_url` is what the URLs of webhooks begin
with, `http_tokens` says who may use the HTTP API, `token` is what is shown to that of another process, `respond_within` is how long a request to a webhook waits for the run to answer it, and `otel` is whether the worker and
the server of the command line emit telemetry."""
