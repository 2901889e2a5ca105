"""The settings: everything that can be set from outside of the code, and where each value comes from.

What the call gives goes before the environment, that before `[tool.outlast]` in the pyproject.toml of this
folder or one above it, and that before the default. In the environment a setting is called
`OUTLAST_` and its name in capitals; lists are separated by commas. A relative file in the `url` of a
pyproject.toml is one beside it; elsewhere it is one in the current folder.
"""

import os
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final, NoReturn, TypeAlias, cast
from urllib.parse import SplitResult, urlsplit

import msgspec

from outlast._registry.durations import duration
from outlast._registry.names import LONGEST_NAME, is_name
from outlast._runtime.system import SystemClock
from outlast.errors import InvalidDurationError, SettingsError, WorldError
from outlast.worlds import file_of, world_from_url

Read: TypeAlias = Callable[[Any], Any]
"""Takes a value as it was written, gives it as it is used. Raises `ValueError` that says what it must be."""

_HTTP: Final = ("http://", "https://")
HIDDEN: Final = "***"
"""Stands where a secret is."""
SHORTEST_TOKEN: Final = 16


class Setting(msgspec.Struct, frozen=True):
    """One of them: what it is when nobody sets it, and how a value is read."""

    default: Any
    read: Read
    from_text: Read = str
    """What a text of the environment is before it is read."""
    secret: bool = False
    """Whether it must not be shown, nor stand in a file."""


class Origin(msgspec.Struct, frozen=True):
    """A value, and where it was set."""

    value: Any
    source: str


def setting(name: str) -> Any:
    """The value of a setting. Raises `SettingsError` that names the source of one that cannot be used."""
    return origin(name).value


def origin(name: str) -> Origin:
    """The same, with its source."""
    variable = f"OUTLAST_{name.upper()}"
    if text := os.environ.get(variable):
        return checked(name, SETTINGS[name].from_text(text), variable)
    file, table = _pyproject()
    if name in table:
        if SETTINGS[name].secret:
            raise SettingsError(
                name,
                HIDDEN,
                str(file),
                "it is a secret",
                hint=f"Set it in the environment: {variable}.",
            )
        found = checked(name, table[name], f"[tool.outlast] in {file}")
        return _beside(str(file), found) if name == "url" else found
    return Origin(SETTINGS[name].default, "the default")


def _beside(pyproject: str, found: Origin) -> Origin:
    """A relative file is one beside the pyproject.toml: its project has one database, whatever the current folder."""
    name = file_of(found.value)
    if name is None or Path(name).is_absolute():
        return found
    return Origin(f"sqlite:///{Path(pyproject).parent / name}", found.source)


def shown(name: str) -> Origin:
    """The same as `origin` without secrets."""
    found = origin(name)
    if name == "url":
        return Origin(shown_url(found.value), found.source)
    hidden = SETTINGS[name].secret and found.value is not None
    return Origin(HIDDEN, found.source) if hidden else found


def checked(name: str, value: object, source: str) -> Origin:
    """The value as it is used. Raises `SettingsError`."""
    try:
        return Origin(SETTINGS[name].read(value), source)
    except InvalidDurationError as error:
        reason = f"{error.reason}; it must be a length of time, such as '30 days'"
        raise SettingsError(name, value, source, reason) from error
    except WorldError as error:
        # Its URL is the value without secrets.
        reason = str(error.args[0]).removeprefix(f"{error.url}: ")
        raise SettingsError(name, error.url, source, reason, hint=error.hint) from error
    except ValueError as error:
        told = HIDDEN if SETTINGS[name].secret else _without_user(name, value)
        raise SettingsError(name, told, source, str(error)) from error


def find_url(given: str | None = None) -> str:
    """The world's URL: what is given, or as it is set."""
    url: str = setting("url") if given is None else given
    return url


def find_public_url(given: str | None = None) -> str:
    """What the URLs of webhooks begin with: what is given, or as it is set; empty if it is not."""
    if given is not None:
        return str(checked("public_url", given, "App(public_url=...)").value)
    return setting("public_url") or ""


def shown_url(url: str) -> str:
    """The same without secrets. Raises `WorldError` for a URL that names no world and is not that of an HTTP API."""
    if url.startswith(_HTTP):
        parts = _api_parts(url)
        return parts._replace(
            netloc=parts.netloc.rpartition("@")[2], query="", fragment=""
        ).geturl()
    return world_from_url(url, SystemClock()).url


def _api_parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # which quotes the host, and that may have a password before it
        raise WorldError(
            url.partition("://")[0] + "://",
            "this is no URL: what stands before the / cannot be a host",
            hint="Give the URL that `outlast serve` prints, such as http://127.0.0.1:8000/api/v1.",
        ) from None


def missing_file(given: str | None = None) -> Path | None:
    """The file of the world that `find_url` names, where it is a file that is not there yet.

    Raises `SettingsError` as that does, and `WorldError` for a URL that names no world.
    """
    url = world_from_url(find_url(given), SystemClock()).url
    name = file_of(url)
    return None if name is None or Path(name).exists() else Path(name)


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
    if url.startswith(_HTTP):
        _api_parts(url)
    else:
        try:
            world_from_url(url, SystemClock())
        except WorldError as error:
            if not isinstance(
                error.__cause__, ModuleNotFoundError
            ):  # which tells of the installation
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


def _without_user(name: str, value: object) -> object:
    """As it is told of one that cannot be used. Only the public URL may have a name and a password in it."""
    if name != "public_url" or not isinstance(value, str) or "@" not in value:
        return value
    before, _, host = value.rpartition("@")
    scheme, separator, _ = before.partition("://")
    return f"{scheme}://{HIDDEN}@{host}" if separator else f"{HIDDEN}@{host}"


def checked_token(value: Any) -> str:
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
        pairs.append((role, checked_token(token.strip())))
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


def _pyproject() -> tuple[str | None, dict[str, Any]]:
    """The nearest such file, as it is now: somebody may have made or changed it since the last look."""
    for file in _above(os.getcwd()):  # noqa: PTH109 - each setting asks, and a path costs more than the look
        try:
            found = os.stat(file)  # noqa: PTH116 - the same
        except OSError:
            continue
        if S_ISREG(found.st_mode):
            return file, _table(file, found.st_mtime_ns)
    return None, {}


@lru_cache(maxsize=4)
def _above(folder: str) -> tuple[str, ...]:
    here = Path(folder)
    return tuple([str(one / "pyproject.toml") for one in (here, *here.parents)])


@lru_cache(maxsize=4)
def _table(file: str, _changed: int) -> dict[str, Any]:
    import tomllib  # not every process finds such a file

    try:
        document = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("[tool.outlast]", ..., file, f"it is no TOML: {error}") from error
    tools: Any = document.get("tool", {})
    found: Any = cast("dict[str, Any]", tools).get("outlast", {}) if isinstance(tools, dict) else {}
    if not isinstance(found, dict):
        raise SettingsError("[tool.outlast]", found, file, "it must be a table of settings")
    table = cast("dict[str, Any]", found)
    for name in table:
        if name not in SETTINGS:
            known = ", ".join(SETTINGS)
            raise SettingsError(
                name, table[name], f"[tool.outlast] in {file}", f"there are: {known}"
            )
    return table
