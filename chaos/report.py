"""What is told at the end, and kept."""

import platform
from pathlib import Path
from typing import Final

from chaos.evidence import Violation
from chaos.owners import Witnessed
from chaos.play import Options, Played
from outlast._model.events import StepCompleted, StepFailed

REPORT: Final = Path(__file__).parent.parent / "benchmarks" / "REPORT.md"
BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"
SHOWN: Final = 25
"""So many violations are shown; the others are counted."""


def figures(options: Options, played: Played) -> dict[str, str]:
    """What is counted, by what it is."""
    evidence, witnessed = played.evidence, Witnessed(played.evidence.testimonies)
    steps = sum(
        isinstance(logged.event, StepCompleted | StepFailed)
        for kept in evidence.runs.values()
        for logged in kept.log
    )
    events = sum(len(kept.stored) for kept in evidence.runs.values())
    world = options.world.partition("://")[0]
    return {
        "seed": str(options.seed),
        "world": world,
        "workers": f"{options.workers}, leases of {options.lease:g} s",
        "faults": _faults(played),
        "workflows started": f"{len(evidence.started):,}",
        "runs, children included": f"{len(evidence.runs):,}",
        "steps recorded": f"{steps:,}",
        "events": f"{events:,}",
        "executions of attempts": f"{witnessed.execution_count:,}",
        "of these repeated": f"{witnessed.repeated:,}",
        "claims of runs that had had an owner": f"{witnessed.takeovers:,}",
        "runs of which a worker was fenced off": f"{witnessed.fenced:,}",
        "time": f"{played.seconds:.0f} s; {played.settled:.1f} s from the last fault to the last end",
    }


def told(options: Options, played: Played, found: list[Violation]) -> str:
    """The figures and the verdict, for people."""
    lines = [f"{what:>40}  {value}" for what, value in figures(options, played).items()]
    if played.lacking:
        lines.append(f"{'not drawn':>40}  {played.lacking}")
    lines.append(f"{'verdict':>40}  {verdict(found)}")
    lines += [f"  {violation}" for violation in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"  ... and {len(found) - SHOWN} more")
    return "\n".join(lines)


def verdict(found: list[Violation]) -> str:
    """In one line."""
    return f"{len(found)} VIOLATIONS" if found else "no law was broken"


def write_report(options: Options, played: Played, found: list[Violation]) -> None:
    """Put the figures between the marks of the report of the benchmarks."""
    rows = [f"| {what} | {value} |" for what, value in figures(options, played).items()]
    rows.append(f"| verdict | {verdict(found)} |")
    head = f"Python {platform.python_version()}.\n\n|  |  |\n|---|---|"
    before, _, rest = REPORT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    REPORT.write_text(f"{before}{BEGIN}\n{head}\n" + "\n".join(rows) + f"\n{END}{after}")


def _faults(played: Played) -> str:
    kinds = ", ".join(f"{kind} {times}" for kind, times in sorted(played.faults.items()))
    return f"{sum(played.faults.values())} ({kinds})"
