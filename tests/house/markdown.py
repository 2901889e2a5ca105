"""Markdown, as far as the house tests need it: fenced blocks, links and headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from tests.house.checkout import ROOT, files

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S
)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its info string (`python run`), its text, and where it starts."""

    path: Path
    line: int
    info: tuple[str, ...]
    body: str
    output: str | None
    """The text of the block after it, if that is marked `text output`."""

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        return f"{self.path.relative_to(ROOT).as_posix()}:{self.line}"


def pages() -> list[Path]:
    """All Markdown files of the checkout."""
    return files(".md")


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = path.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    return [
        Block(
            path=path,
            line=text.count("\n", 0, match.start()) + 1,
            info=tuple(match["info"].split()),
            body=match["body"],
            output=_output(following),
        )
        for match, following in zip_longest(found, found[1:])
    ]


def links(path: Path) -> Iterator[str]:
    """The targets of the links of a page, those in code left out."""
    for match in LINK.finditer(_prose(path)):
        yield match["target"]


def anchors(path: Path) -> set[str]:
    """What the headings of a page can be linked by."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    }


def _output(match: re.Match[str] | None) -> str | None:
    return match["body"] if match and match["info"].split() == ["text", "output"] else None


def _prose(path: Path) -> str:
    return re.sub(r"`[^`\n]*`", "code", FENCE.sub("", path.read_text(encoding="utf-8")))
