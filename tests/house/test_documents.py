"""Documents: links lead somewhere, decisions are complete, generated pages are fresh."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.house import markdown
from tests.house.checkout import ROOT, expect_none, files
from tools import changes, reference

ADRS = ROOT / "docs" / "adr"
README_LINES = 150
EXPECTED = ("README.md", "CONTRIBUTING.md", "AGENTS.md", "CHANGELOG.md", "docs/README.md")


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", EXPECTED)
def test_the_documents_of_the_house_exist(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8").startswith("# ")


def test_internal_links_lead_somewhere() -> None:
    broken = [
        f"{_shown(path)}: {target}"
        for path in markdown.pages()
        for target in markdown.links(path)
        if not _resolves(path, target)
    ]
    expect_none(broken)


def test_broken_links_would_be_found() -> None:
    page = ROOT / "CONTRIBUTING.md"
    assert not _resolves(page, "docs/no-such-page.md")
    assert not _resolves(page, "#no-such-heading")
    assert _resolves(page, "AGENTS.md")


@pytest.mark.parametrize("name", ["AGENTS.md", "docs/explanation/design.md"])
def test_the_layers_are_told_as_they_are(name: str) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"][1:]
    told = " ".join((ROOT / name).read_text(encoding="utf-8").split())
    assert " > ".join(f"`{layer}`" for layer in layers) in told


def test_every_page_can_be_reached_from_the_contents() -> None:
    reached, todo = set[Path](), [ROOT / "README.md", ROOT / "docs" / "README.md"]
    while todo:
        page = todo.pop()
        if page.suffix == ".md" and page.is_file() and page not in reached:
            reached.add(page)
            todo += [_target(page, link)[0] for link in markdown.links(page) if _is_ours(link)]
    pages = {path for path in files(".md") if path.is_relative_to(ROOT / "docs")}
    expect_none(
        map(_shown, pages - reached), "Link it from docs/README.md, or a page linked there."
    )


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < README_LINES


@pytest.mark.parametrize("path", sorted(ADRS.glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_decisions_are_complete(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    number = path.name[:4]
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", path.stem)
    assert text.startswith(f"# {int(number)}. ")
    assert re.search(r"^Status: (accepted|superseded by \[\d+\]\(.+\.md\))$", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Choice",
        "What was refused",
        "What would reopen it",
    ]
    assert len(text.splitlines()) <= 70, "a decision is one page"


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in ADRS.glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 10


def test_generated_pages_are_fresh() -> None:
    stale = [
        _shown(path)
        for path, text in reference.pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    expect_none(stale, "run `make docs`")


def test_what_is_raised_is_a_list_on_its_page() -> None:
    found = [
        f"{_shown(path)}: {heading}"
        for path, text in reference.pages().items()
        for heading in re.findall(
            r"^(.*\braises\b.*:)\n+(?![\n-])", text, re.MULTILINE | re.IGNORECASE
        )
    ]
    expect_none(found, "Write `Raises:`, or a title without a comma: `Opening it raises:`.")


def test_no_generated_page_is_left_over() -> None:
    assert set((ROOT / "docs" / "reference").glob("*.md")) <= set(reference.pages())


def test_notes_on_changes_are_well_formed() -> None:
    notes = changes.notes(ROOT / "changes")
    assert [problem for note in notes for problem in changes.problems(note)] == []


@pytest.mark.parametrize(
    ("name", "text", "fine"),
    [
        ("runs-can-be-woken.added.md", "Runs can be woken.\n", True),
        ("runs.improved.md", "Runs can be woken.\n", False),
        ("Runs.added.md", "Runs can be woken.\n", False),
        ("runs.added.md", "runs can be woken\n", False),
        ("runs.added.md", "- Runs can be woken.\n", False),
    ],
)
def test_what_a_well_formed_note_is(tmp_path: Path, name: str, text: str, fine: bool) -> None:
    note = tmp_path / name
    note.write_text(text)
    assert (not list(changes.problems(note))) == fine


def test_a_release_takes_the_notes(tmp_path: Path) -> None:
    (tmp_path / "b.added.md").write_text("Runs can\nbe woken.\n")
    (tmp_path / "a.fixed.md").write_text("A wait fires once.\n")
    text = changes.released("# Changelog\n\n## Unreleased\n", tmp_path, "0.2.0", "2026-12-01")
    assert text == (
        "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n"
        "### Added\n\n- Runs can be woken.\n\n### Fixed\n\n- A wait fires once.\n"
    )


def test_a_note_is_named_by_its_first_words() -> None:
    path = changes.note_path(Path("changes"), "added", "`run.wake()` ends all pending waits now.")
    assert path == Path("changes/run-wake-ends-all-pending-waits.added.md")


def test_files_name_no_registry_and_no_machine() -> None:
    hosts = r"\b(?:pypi|npmjs|pythonhosted|debian)\.(?:org|com)\b"
    homes = r"(?<![\w.~/-])/(?:root|work|opt|home/(?!me/)\w+|Users/(?!me/)\w+)/[\w.]"
    pattern = re.compile(f"{hosts}|{homes}")
    found = [
        f"{_shown(path)}:{number} {line.strip()[:80]}"
        for path in files()
        if (text := _read(path)) is not None
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    expect_none(found)


def _is_ours(target: str) -> bool:
    return not re.match(r"[a-z]+:", target)


def _target(page: Path, link: str) -> tuple[Path, str]:
    name, _, anchor = link.partition("#")
    path = (page.parent / name).resolve() if name else page
    return (path / "README.md" if path.is_dir() else path), anchor


def _resolves(page: Path, link: str) -> bool:
    if not _is_ours(link):
        return True
    path, anchor = _target(page, link)
    return path.exists() and (not anchor or anchor in markdown.anchors(path))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None  # a picture
