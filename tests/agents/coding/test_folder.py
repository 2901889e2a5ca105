"""The folder of a sandbox, from outside: nothing leads out of it."""

import os
from pathlib import Path

import pytest

from examples.coding_agent.sandbox import LimitExceededError, Limits, PathRefusedError
from examples.coding_agent.sandbox.folder import Folder

LIMITS = Limits(file_size=1_000, total_size=20_000, files=10)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "work").mkdir()
    (tmp_path / "secret").write_text("secret")
    return Folder(tmp_path / "work", LIMITS)


def test_what_was_written_is_read(folder: Folder) -> None:
    folder.write({"a/b.txt": "first", "c.txt": "more"})
    folder.write({"a/b.txt": "2nd"})
    assert folder.read("a/b.txt") == b"2nd"
    assert [(one.path, one.size) for one in folder.files()] == [("a/b.txt", 3), ("c.txt", 4)]


def test_names_that_are_no_utf8_are_told_as_text(folder: Folder) -> None:
    (folder.root / os.fsdecode(b"\xffile")).write_text("x")
    assert [one.path for one in folder.files()] == ["\N{REPLACEMENT CHARACTER}ile"]


@pytest.mark.parametrize(
    "path", ["", ".", "/etc/passwd", "../secret", "a/../../secret", "a\nb", "x" * 201, "a/" * 9]
)
def test_a_path_that_is_none(folder: Folder, path: str) -> None:
    with pytest.raises(PathRefusedError):
        folder.read(path)
    with pytest.raises(PathRefusedError):
        folder.write({path: "text"})


def test_links_are_not_followed(folder: Folder, tmp_path: Path) -> None:
    (folder.root / "file").symlink_to(tmp_path / "secret")
    (folder.root / "folder").symlink_to(tmp_path)
    for path in ("file", "folder/secret"):
        with pytest.raises(PathRefusedError, match="cannot be used"):
            folder.read(path)
        with pytest.raises(PathRefusedError, match="cannot be used"):
            folder.write({path: "text"})
    assert (tmp_path / "secret").read_text() == "secret"
    assert folder.files() == []


def test_what_is_no_file_is_refused_at_once(folder: Folder) -> None:
    os.mkfifo(folder.root / "pipe")
    (folder.root / "dir").mkdir()
    for path in ("pipe", "dir"):
        with pytest.raises(PathRefusedError):
            folder.read(path)
        with pytest.raises(PathRefusedError):
            folder.write({path: "text"})


def test_too_much_is_refused_as_a_whole(folder: Folder) -> None:
    with pytest.raises(LimitExceededError, match="bytes in one file: 1,001"):
        folder.write({"small": "x", "large": "x" * 1_001})
    with pytest.raises(LimitExceededError, match="files: 11"):
        folder.write({str(number): "x" for number in range(11)})
    for number in range(4):
        folder.write({str(number): "x" * 900})
    with pytest.raises(LimitExceededError, match="bytes in all files"):
        folder.write(
            {
                "1.txt": "x" * 900,
                "2.txt": "x" * 900,
                "3.txt": "x" * 900,
                "4.txt": "x" * 900,
                "5.txt": "x" * 900,
            }
        )
    assert len(folder.files()) == 4
