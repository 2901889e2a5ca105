"""`outlast check`: what replay would do again, or differently."""

import sys
from contextlib import redirect_stdout

from outlast._api.inspection import Finding, check, side_effects_tolerated
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.loading import load
from outlast.cli.output import Output
from outlast.cli.problem import Problem
from outlast.cli.programs import refuse_program
from outlast.cli.render_check import render_check
from outlast.cli.targets import AnyWorkflow, module_workflows


def command(source: str, /, *more: str, common: Common = DEFAULTS) -> int:
    """Check all workflows of files or modules: side effects, which replay would do again, and calls that nobody
    awaits (errors); and what may come out differently on replay (warnings). Exit code 1 if there are errors.

    The files are imported for that, as a worker does: what stands at their top level runs, and what it prints
    goes to standard error. A file that starts an event loop there is refused.

    Parameters
    ----------
    source
        A FILE or a MODULE.
    more
        More of them.
    """
    output = Output(common)
    checked = _workflows((source, *more))
    findings = _findings(checked)
    errors = sum(finding.severity == "error" for finding in findings)
    output.document(
        {
            "workflows": [workflow.name for workflow in checked],
            "findings": findings,
            "errors": errors,
            "warnings": len(findings) - errors,
        }
    )
    output.show(render_check(findings, workflows=len(checked)))
    return Exit.FAILED if errors else Exit.OK


def _workflows(sources: tuple[str, ...]) -> list[AnyWorkflow]:
    found: dict[str, AnyWorkflow] = {}
    for source in sources:
        refuse_program(source)
        with side_effects_tolerated(), redirect_stdout(sys.stderr):
            own = module_workflows(load(source))
        if not own:
            raise Problem(
                f"there is no workflow in {source}",
                hint="Decorate an `async def` function with @workflow.",
            )
        found |= {workflow.name: workflow for workflow in own}
    return [*found.values()]


def _findings(checked: list[AnyWorkflow]) -> list[Finding]:
    """All of them, each once: workflows may share helpers."""
    found = {(f.file, f.line, f.column, f.name): f for one in checked for f in check(one)}
    return [found[place] for place in sorted(found)]
