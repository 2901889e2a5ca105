"""Findings of the determinism check with their source lines."""

import linecache
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from outlast._api.inspection import Finding
from outlast.cli.texts import count


def render_check(findings: Sequence[Finding], *, workflows: int) -> RenderableType:
    """Each finding with its line, and a summary."""
    parts: list[RenderableType] = []
    for finding in findings:
        parts += [_place(finding), *_excerpt(finding), Text(f"    {finding.message}"), ""]
    return Group(*parts, _summary(findings, workflows))


def _place(finding: Finding) -> Text:
    style = "bold red" if finding.severity == "error" else "bold yellow"
    place = f"{_shown(finding.file)}:{finding.line}:{finding.column}"
    return Text.assemble((place, "bold"), "  ", (finding.severity, style), "  ", finding.name)


def _excerpt(finding: Finding) -> list[Text]:
    source = linecache.getline(finding.file, finding.line).rstrip("\n")
    if not source.strip():
        return []
    number = f"{finding.line:>6} │ "
    indent = len(source) - len(source.lstrip())
    column = max(0, finding.column - 1)
    width = max(1, len(finding.name)) if source[column:].startswith(finding.name) else 1
    under = " " * 6 + " │ " + " " * (column - indent if column >= indent else 0) + "^" * width
    return [
        Text.assemble((number, "dim"), source[indent:]),
        Text(under, style="red" if finding.severity == "error" else "yellow"),
    ]


def _summary(findings: Sequence[Finding], workflows: int) -> Text:
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    checked = count(workflows, "workflow")
    if not findings:
        return Text.assemble(("✓ ", "green"), f"{checked} checked, nothing found")
    sign = ("✗ ", "red") if errors else ("✓ ", "yellow")
    return Text.assemble(
        sign, f"{checked} checked: {count(errors, 'error')}, {count(warnings, 'warning')}"
    )


def _shown(file: str) -> str:
    """Relative to where one is, if it is there."""
    here = Path.cwd()
    path = Path(file)
    return str(path.relative_to(here)) if path.is_relative_to(here) else file
