"""The settings: everything that can be set from outside of the code, and where each value comes from.

What the call gives goes before the environment, that before `[tool.outlast]` in the pyproject.toml of this
folder or one above it, and that before the default. In the environment a setting is called
`OUTLAST_` and its name in capitals; lists are separated by commas. A relative file in the `url` of a
pyproject.toml is one beside it; elsewhere it is one in the current folder.
"""

import os
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final, cast

import msgspec

from outlast._api.setting_table import API_SCHEMES, SETTINGS, api_parts
from outlast._runtime.system import SystemClock
from outlast.errors import InvalidDurationError, SettingsError, WorldError
from outlast.worlds import file_of, world_from_url

HIDDEN: Final = "***"
"""Stands where a secret is."""


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
    if url.startswith(API_SCHEMES):
        parts = api_parts(url)
        return parts._replace(
            netloc=parts.netloc.rpartition("@")[2], query="", fragment=""
        ).geturl()
    return world_from_url(url, SystemClock()).url


def missing_file(given: str | None = None) -> Path | None:
    """The file of the world that `find_url` names, where it is a file that is not there yet.

    Raises `SettingsError` as that does, and `WorldError` for a URL that names no world.
    """
    url = world_from_url(find_url(given), SystemClock()).url
    name = file_of(url)
    return None if name is None or Path(name).exists() else Path(name)


def _without_user(name: str, value: object) -> object:
    """As it is told of one that cannot be used. Only the public URL may have a name and a password in it."""
    if name != "public_url" or not isinstance(value, str) or "@" not in value:
        return value
    before, _, host = value.rpartition("@")
    scheme, separator, _ = before.partition("://")
    return f"{scheme}://{HIDDEN}@{host}" if separator else f"{HIDDEN}@{host}"


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
