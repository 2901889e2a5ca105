"""`outlast serve`: the HTTP app, and a worker beside it."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from outlast import App
from outlast._api.inspection import workflows
from outlast._api.interrupts import Interrupts
from outlast._worker.interpreter import tune_interpreter
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.extras import extra
from outlast.cli.loading import load
from outlast.cli.logs import log_to_stderr
from outlast.cli.looking import need_database
from outlast.cli.output import Output
from outlast.cli.problem import Problem
from outlast.cli.telemetry import telemetry

LOCAL = ("127.0.0.1", "::1", "localhost")
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - no address that others could use
NOTE = "only this machine is answered: there are no tokens in OUTLAST_HTTP_TOKENS"
GRACE = 10.0
"""So many seconds requests in flight may take when the server stops."""


async def command(
    *source: str,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65_535))] = 8000,
    worker: Annotated[bool, Parameter(negative="--no-worker", show_default=False)] = True,
    common: Common = DEFAULTS,
) -> int:
    """Serve the HTTP API, and with it the workflows of files or modules, until SIGTERM or Ctrl-C: then feeds and
    streams end with a hint to come back, requests in flight finish, and the worker stops. A second signal stops at once.

    Without OUTLAST_HTTP_TOKENS only this machine is answered.

    Parameters
    ----------
    source
        FILEs or MODULEs whose workflows to serve. Without any, runs can only be looked at, cancelled and woken.
    host
        The address to listen at.
    port
        The port; 0 takes a free one.
    worker
        Execute runs here, too. With `--no-worker` that is left to `outlast worker`.
    """
    output = Output(common)
    need_database(common)
    log_to_stderr()
    for one in source:
        load(one)
    if not host:  # to the system it would mean everywhere
        raise Problem("--host is empty", hint="For all addresses of this machine: --host 0.0.0.0")
    await _serve(common, output, host, port, worker=worker and bool(source))
    return Exit.OK


async def _serve(common: Common, output: Output, host: str, port: int, *, worker: bool) -> None:
    with extra("http", "which `outlast serve` needs"):
        from outlast.http import asgi
        from outlast.http.serving import Server, address_of, listen, serve
    app = App(common.url, worker=worker, instruments=telemetry())
    http = asgi(app)
    server = Server(http, grace=GRACE)
    try:
        listening = listen(host, port)
    except OSError as error:
        hint = "Choose another --port (0 takes a free one), or another --host of this machine."
        raise Problem(
            f"nothing can listen at {host}:{port}: {error.strerror}", hint=hint
        ) from error
    with listening:
        if host not in EVERYWHERE and (http.is_local or host not in LOCAL):
            app.learnt_url = address_of(listening)  # its worker begins with what is blocked
        tune_interpreter()
        async with app:
            with Interrupts(server.stop).handled():
                _tell(output, f"{address_of(listening)}{http.base}", app.url)
                if http.is_local and host not in LOCAL:
                    output.note_line(NOTE, style="yellow")
                await serve(server, listening, app, worker=worker)


def _tell(output: Output, url: str, world: str) -> None:
    """Where it is. What connects from now on is answered as soon as the server is up."""
    output.text(url)
    output.document({"url": url})
    names = ", ".join(one.name for one in workflows()) or "no workflows"
    output.note_line(f"serving {names} on {world}; Ctrl-C stops", style="dim")
