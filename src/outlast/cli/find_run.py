"""Finding the runs that a command is about."""

from outlast._api.results import is_settled
from outlast.cli.exits import Exit
from outlast.cli.operated import AnyRun, OperatedApp, OperatedRun
from outlast.cli.problem import Problem


async def find_run(app: OperatedApp[AnyRun], run_id: str | None) -> AnyRun:
    """The run of that id, or the newest one. It exists, or `RunNotFoundError` is raised."""
    if run_id is None:
        page = await app.list_runs(limit=1)
        if not page.runs:
            raise Problem(
                f"there are no runs in {app.url}",
                hint="Start one: outlast run FILE:WORKFLOW. Or look elsewhere with --url.",
                exit_code=Exit.NOT_FOUND,
                kind="run-not-found",
            )
        run_id = page.runs[0].id
    run = run_of(app, run_id)
    await run.info()
    return run


def run_of(app: OperatedApp[AnyRun], run_id: str) -> AnyRun:
    """The handle on a run. Raises `Problem` for a text that no run can have as its id."""
    try:
        return app.get_run(run_id)
    except ValueError as error:
        raise Problem(str(error), hint="See which runs there are: outlast list") from error


async def is_over(run: OperatedRun) -> bool:
    """Whether nothing more comes of the run by itself: it has ended, or is blocked and not about to be tried again."""
    return is_settled(await run.info())
