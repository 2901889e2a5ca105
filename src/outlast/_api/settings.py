"""Where the world is: from the call, the environment, pyproject.toml, or the default."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from outlast._runtime.system import SystemClock
from outlast.errors import SettingsError
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
