"""Runs mypy and pyright, both strict, over files and gives what they say about each line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "cases"

PYRIGHT = {"PYRIGHT_PYTHON_GLOBAL_NODE": "0", "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
"""Node comes from its wheel, as in the Makefile; and no advice about newer versions."""

COMMENT = re.compile(
    r"# *(?P<kind>revealed|error)(?:\((?P<checker>mypy|pyright)\))?(?:: *(?P<text>[^#]*))?"
)
QUALIFIER = re.compile(r"\b(?:[a-z_][a-z0-9_]*\.)+(?=\w)")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is said, or should be, about a line. Errors have no text: their wording is the checker's."""

    file: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.kind}" + (f": {self.text}" if self.text else "")


@dataclass(frozen=True, slots=True)
class Report:
    """All that a checker says, and the errors in its own words."""

    findings: frozenset[Finding]
    errors: tuple[str, ...]

    def of(self, *files: Path) -> frozenset[Finding]:
        """What is said about these files."""
        names = {path.name for path in files}
        return frozenset(finding for finding in self.findings if finding.file in names)


def expected(path: Path, checker: str) -> Iterator[Finding]:
    """What the comments of a file expect of one checker."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for match in COMMENT.finditer(line):
            if match["checker"] in (None, checker):
                text = plain(match["text"] or "") if match["kind"] == "revealed" else ""
                yield Finding(path.name, number, match["kind"], text)


def plain(shown: str) -> str:
    """A type without the modules of its names, which mypy prints and pyright does not."""
    return QUALIFIER.sub("", shown.strip().replace("*", ""))


def mypy(files: Iterable[Path]) -> Report:
    """What mypy says about the files."""
    config = ["--config-file", str(ROOT / "pyproject.toml")]
    said = _run("mypy", [*config, "--output", "json", *map(str, files)])
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert rows or "{" not in said, said
    return _report(rows, _from_mypy)


def pyright(files: Iterable[Path]) -> Report:
    """What pyright says about the files."""
    said = _run("pyright", ["--outputjson", *map(str, files)])
    rows: list[dict[str, Any]] = json.loads(said)["generalDiagnostics"]
    return _report(rows, _from_pyright)


def public_symbols(package: str, folder: Path) -> list[dict[str, Any]]:
    """What an installed package exports, as pyright sees it from a folder without settings."""
    asked = ["--verifytypes", package, "--ignoreexternal", "--outputjson"]
    symbols = json.loads(_run("pyright", asked, folder))["typeCompleteness"]["symbols"]
    return [symbol for symbol in symbols if symbol["isExported"]]


def _run(module: str, arguments: list[str], folder: Path = ROOT) -> str:
    """Run a checker with this interpreter's environment as the one that it looks into."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=os.environ | {"PATH": path} | PYRIGHT,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def _report(
    rows: list[dict[str, Any]], read: Callable[[dict[str, Any]], tuple[Finding, str] | None]
) -> Report:
    found = [pair for row in rows if (pair := read(row))]
    return Report(
        findings=frozenset(finding for finding, _ in found),
        errors=tuple(f"{finding} ({said})" for finding, said in found if finding.kind == "error"),
    )


def _from_mypy(row: dict[str, Any]) -> tuple[Finding, str] | None:
    file, line, said = Path(row["file"]).name, row["line"], row["message"]
    if match := re.fullmatch(r'Revealed type is "(.*)"', said):
        return Finding(file, line, "revealed", plain(match[1])), said
    return (Finding(file, line, "error", ""), said) if row["severity"] == "error" else None


def _from_pyright(row: dict[str, Any]) -> tuple[Finding, str] | None:
    file, line, said = Path(row["file"]).name, row["range"]["start"]["line"] + 1, row["message"]
    if match := re.fullmatch(r'Type of ".*" is "(.*)"', said, re.DOTALL):
        return Finding(file, line, "revealed", plain(match[1])), said
    return (Finding(file, line, "error", ""), said) if row["severity"] != "information" else None
