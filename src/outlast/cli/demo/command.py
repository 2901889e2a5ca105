"""The command of the demo."""

import random
import sys
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.demo.audience import Teller
from outlast.cli.demo.play import Plan, Played, play
from outlast.cli.demo.proof import Proof, prove
from outlast.cli.demo.render import render_played, render_proof, render_report, title
from outlast.cli.demo.stage import Stage, new_stage
from outlast.cli.exits import Exit
from outlast.cli.output import Output
from outlast.cli.problem import Problem


async def command(
    *,
    runs: int = 1,
    kills: int = 1,
    files: int | None = None,
    seed: int | None = None,
    keep: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    common: Common = DEFAULTS,
) -> int:
    """Index Python's own standard library with a workflow, one step a file, in a worker process. Half way the worker
    is killed (SIGKILL), another one is started, and the run goes on where it stopped. Then the log proves
    that nothing was lost and nothing recorded twice. Exit code 1 if the proof does not hold.

    Parameters
    ----------
    runs
        How many runs at once. With many of them and many kills this is a soak test.
    kills
        How many workers to kill, at random moments if there are several.
    files
        Index so many files only.
    seed
        Of the random moments.
    keep
        Keep the database, and say how to look at it.
    """
    plan = _plan(runs=runs, kills=kills, files=files, seed=seed)
    output = Output(common)
    teller = Teller(output)
    with new_stage(url=common.url, keep=keep) as stage:
        output.note(_opening(plan))
        with teller.shown():
            played = await play(plan, stage, teller)
        proof = prove(played)
        _report(output, plan, played, proof)
        if keep:
            _say_where(output, stage, played)
    return Exit.OK if proof.holds else Exit.FAILED


def _plan(*, runs: int, kills: int, files: int | None, seed: int | None) -> Plan:
    if runs < 1 or kills < 0 or (files is not None and files < 1):
        raise Problem("--runs and --files must be at least 1, --kills at least 0")
    if seed is None and (runs > 1 or kills > 1):
        seed = random.SystemRandom().randrange(1_000_000)
    return Plan(runs=runs, kills=kills, files=files, seed=seed)


def _opening(plan: Plan) -> Text:
    version = ".".join(map(str, sys.version_info[:3]))
    text = Text.assemble(("outlast demo", "bold"), f"  the standard library of Python {version}")
    if plan.runs > 1 or plan.kills != 1:
        text.append(f", {plan.runs} runs, {plan.kills} kills, seed {plan.seed}", style="dim")
    return text


def _report(output: Output, plan: Plan, played: Played, proof: Proof) -> None:
    last = played.logs[0][-1]
    result = last.data.get("result")
    output.document({"plan": plan, "holds": proof.holds, "proof": proof, "report": result})
    if last.kind == "run_completed":
        output.show(title("\nThe report"))
        output.show(render_report(result))
    output.show(title("\nThe timeline" + (" of the first run" if plan.runs > 1 else "")))
    output.show(render_played(played))
    output.show(title("\nThe proof, from the log"))
    output.show(render_proof(proof))


def _say_where(output: Output, stage: Stage, played: Played) -> None:
    run_id = played.infos[0].id
    output.note("")
    output.note(Text(f"kept in {stage.folder}", style="dim"))
    output.note_line(f"  outlast show {run_id} --url {stage.url}", style="dim")
