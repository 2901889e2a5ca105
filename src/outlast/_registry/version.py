"""Which version of the code this process has."""

import hashlib
import subprocess
from functools import lru_cache
from pathlib import Path

from outlast._registry.manifest import definition_source
from outlast._registry.registry import Registry


def code_version(registry: Registry) -> str:
    """The git commit of the first workflow's file, else a digest of the sources.

    A commit whose tree has uncommitted changes is that commit still: what a changed workflow means
    for a run is decided by its log, not by this name.
    """
    files = sorted({definition.place.file for definition in registry})
    return _git_commit(files) or _source_digest(registry)


def _git_commit(files: list[str]) -> str | None:
    for file in files:
        folder = Path(file).parent
        if folder.is_dir():
            return _head_of(folder)
    return None


@lru_cache(maxsize=64)
def _head_of(folder: Path) -> str | None:
    """Asked once: what is committed later is not the code that this process has."""
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607 - the user's git, as found in PATH
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return f"git-{answer.stdout.strip()}" if answer.returncode == 0 else None


def _source_digest(registry: Registry) -> str:
    sources = sorted(
        f"{definition.name}\n{definition_source(definition)}" for definition in registry
    )
    return "src-" + hashlib.blake2b("\0".join(sources).encode(), digest_size=6).hexdigest()
