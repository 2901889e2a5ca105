"""Where the world is, and how long runs are kept: from the call, the environment, pyproject.toml, or the
default."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from outlast._clock import Micros
from outlast._registry.durations import duration
from outlast._registry.policy import Delay
from outlast._runtime.system import SystemClock
from outlast.errors import InvalidDurationError, SettingsError
from outlast.worlds import world_from_url
from outlast.worlds.sqlite import SqliteWorld

DEFAULT_URL: Final = "sqlite:///.outlast/outlast.db"


def find_url(given: str | None = None) -> str:
    """The world's URL: what is given, else `OUTLAST_URL`, else `url` of `[tool.outlast]` in the
    pyproject.toml of this folder or one above it, else the default file `.outlast/outlast.db`.

    Raises `SettingsError` that names the source of a value which is no text.
    """
    if given is not None:
        return given
    if from_environment := os.environ.get("OUTLAST_URL"):
        return from_environment
    file, table = _pyproject()
    url = table.get("url")
    if url is None:
        return DEFAULT_URL
    if not isinstance(url, str) or not url:
        raise SettingsError("url", url, f"[tool.outlast] in {file}", "it must be a text")
    return url


def missing_file(given: str | None = None) -> Path | None:
    """The file of the world that `find_url` names, where it is a file that is not there yet.

    Raises `SettingsError` as that does, and `WorldError` for a URL that names no world.
    """
    world = world_from_url(find_url(given), SystemClock())
    if not isinstance(world, SqliteWorld):
        return None
    file = Path(world.url.removeprefix("sqlite:///"))
    return None if file.exists() else file


def find_retention(given: Delay | None = None) -> Micros | None:
    """How long runs are kept after their end: what is given, else `OUTLAST_RETENTION`, else `retention`
    of `[tool.outlast]` in pyproject.toml, else `None`: for ever.

    Raises `SettingsError` that names the source of a value which is no length of time.
    """
    if given is not None:
        return _retention(given, "WorkerOptions")
    if from_environment := os.environ.get("OUTLAST_RETENTION"):
        return _retention(from_environment, "OUTLAST_RETENTION")
    file, table = _pyproject()
    value = table.get("retention")
    return None if value is None else _retention(value, f"[tool.outlast] in {file}")


def _retention(value: Any, source: str) -> Micros:
    try:
        return duration(value)
    except InvalidDurationError as error:
        reason = "it must be a length of time, such as '30 days'"
        raise SettingsError("retention", value, source, reason) from error


def _pyproject() -> tuple[Path | None, dict[str, Any]]:
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            try:
                tools = tomllib.loads(file.read_text()).get("tool", {})
            except tomllib.TOMLDecodeError as error:
                raise SettingsError(
                    "[tool.outlast]", "?", str(file), f"it is no TOML: {error}"
                ) from error
            return file, tools.get("outlast", {})
    return None, {}
