"""What docs/how-to/observe.md says that is emitted."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "observe.md"


def table(heading: str) -> dict[str, list[str]]:
    """The rows of a table of the page: the name, and the names in the last cell, some with a `?`."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [
        line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")
    ]
    return {
        row[0].strip("`"): [
            found.replace("`", "") for found in re.findall(r"`([a-z_]+\.[\w.]+`\??)", row[-1])
        ]
        for row in rows
    }


def check_spans(spans: Iterable[tuple[str, Collection[str]]]) -> None:
    """Each span, given by its name and the names of its attributes, is in the table, and each row has one."""
    rows = {row.partition(" {")[0]: said for row, said in table("Spans").items()}
    seen: set[str] = set()
    for name, attributes in spans:
        kind = name if name in rows else name.split(" ", maxsplit=1)[0]
        _check_row(rows[kind], set(attributes))
        seen.add(kind)
    assert seen == set(rows)


def check_metrics(metrics: Mapping[str, Iterable[Collection[str]]], *, but: set[str]) -> None:
    """Each metric, given with the names of the attributes of its points, is in the table, and each row has one; some
    have none where all goes well."""
    rows = table("Metrics")
    for name, points in metrics.items():
        for attributes in points:
            _check_row(rows[name], set(attributes))
    assert set(rows) - set(metrics) == but


def _check_row(said: list[str], found: set[str]) -> None:
    always = {name for name in said if not name.endswith("?")}
    assert always <= found <= {name.rstrip("?") for name in said}
