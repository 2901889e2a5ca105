"""Notes about changes: write one, check them, move them into CHANGELOG.md.

    python -m tools.changes note added "Runs can be woken."
    python -m tools.changes release 0.2.0 2026-12-01

A note is a file `changes/<words-of-it>.<kind>.md` that says in full sentences what a user notices.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "changes"
CHANGELOG = ROOT / "CHANGELOG.md"

KINDS = ("added", "changed", "fixed", "removed", "security")
UNRELEASED = "## Unreleased\n"
USAGE = __doc__


def note_path(folder: Path, kind: str, text: str) -> Path:
    """Where a note goes: its first words, then its kind."""
    words = re.findall(r"[a-z0-9]+", text.lower())[:6]
    return folder / f"{'-'.join(words)}.{kind}.md"


def problems(path: Path) -> Iterator[str]:
    """What is wrong with a note, if anything."""
    if not re.fullmatch(rf"[a-z0-9]+(-[a-z0-9]+)*\.({'|'.join(KINDS)})\.md", path.name):
        yield f"{path.name}: is not <words-with-dashes>.<kind>.md with a kind of {', '.join(KINDS)}"
    text = path.read_text(encoding="utf-8")
    if not re.match(r"[A-Z`]", text) or not text.endswith(".\n"):
        yield f"{path.name}: is not made of full sentences, with one line break at the end"
    if re.search(r"^(#|- |\* )", text, re.MULTILINE):
        yield f"{path.name}: has a heading or a list; a note is one paragraph"


def notes(folder: Path) -> list[Path]:
    """All notes, sorted by name."""
    return sorted(path for path in folder.glob("*") if path.name != "README.md")


def released(changelog: str, folder: Path, version: str, date: str) -> str:
    """The changelog with the notes of `folder` as a release below `Unreleased`."""
    before, found, after = changelog.partition(UNRELEASED)
    if not found:
        sys.exit(f"{CHANGELOG.name} has no heading {UNRELEASED.strip()!r}")
    sections = [section for kind in KINDS if (section := _section(folder, kind))]
    release = "\n".join([f"## {version} - {date}\n", *sections])
    return f"{before}{found}\n{release}{after}"


def main(arguments: list[str]) -> int:
    """Do what the command line says. Gives the exit code."""
    match arguments:
        case ["note", kind, text] if kind in KINDS and text:
            path = note_path(FOLDER, kind, text)
            path.write_text(text.rstrip() + "\n", encoding="utf-8")
            print(f"change: {path.relative_to(ROOT)}")
            return _report(path)
        case ["release", version, date] if version and re.fullmatch(r"\d{4}-\d\d-\d\d", date):
            return _report(*notes(FOLDER)) or _release(version, date)
        case _:
            print(USAGE)
            return 2


def _release(version: str, date: str) -> int:
    text = released(CHANGELOG.read_text(encoding="utf-8"), FOLDER, version, date)
    CHANGELOG.write_text(text, encoding="utf-8")
    for path in notes(FOLDER):
        path.unlink()
    print(f"changelog: {version}")
    return 0


def _report(*paths: Path) -> int:
    found = [problem for path in paths for problem in problems(path)]
    for problem in found:
        print(problem)
    return 1 if found else 0


def _section(folder: Path, kind: str) -> str:
    entries = [p.read_text(encoding="utf-8") for p in notes(folder) if f".{kind}." in p.name]
    lines = "".join(f"- {' '.join(entry.split())}\n" for entry in entries)
    return f"### {kind.capitalize()}\n\n{lines}" if lines else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
