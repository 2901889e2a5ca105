"""`outlast web`: the pages, for the one who opens them."""

import asyncio
import threading
import webbrowser
from contextlib import AsyncExitStack, suppress
from typing import Annotated, Any, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from outlast import App
from outlast._api.interrupts import Interrupts
from outlast._api.settings import find_url, setting, shown_url
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.extras import extra
from outlast.cli.logs import log_to_stderr
from outlast.cli.looking import existing, is_remote
from outlast.cli.output import Output
from outlast.cli.problem import Problem
from outlast.errors import AccessDeniedError, WorldUnavailableError

HOST: Final = "127.0.0.1"
GRACE: Final = 2.0
"""So many seconds requests in flight may take when the server stops."""
ANSWER_WITHIN: Final = 3.0
"""So many seconds another deployment has to show that it has the API, before the pages are served without that."""


async def command(
    *,
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65_535))] = 8100,
    open_: Annotated[bool, Parameter(name="--open", negative="", show_default=False)] = False,
    read_only: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    common: Common = DEFAULTS,
) -> int:
    """See everything in a browser: runs, their timelines and streams, hooks, workflows, workers; until Ctrl-C.

    Only this machine is answered. With `--url https://HOST/api/v1` and OUTLAST_TOKEN, the pages show another
    deployment; the token stays in this process.

    Parameters
    ----------
    port
        The port; 0 takes a free one.
    open_
        Open the browser, too.
    read_only
        Only look: nothing can be started, cancelled, woken or resumed.
    """
    output = Output(common)
    log_to_stderr()
    async with AsyncExitStack() as stack:
        web = await _web_app(common, stack, read_only=read_only)
        await _serve(web, output, port, find_url(common.url), opens=open_)
    return Exit.OK


async def _web_app(common: Common, stack: AsyncExitStack, *, read_only: bool) -> Any:
    """The pages in front of what the URL names."""
    with extra("http", "which `outlast web` needs"):
        from outlast.http import Role
        from outlast.web import OwnMachine, RemoteApi, WebApp, asgi
    if is_remote(common):
        await _check_api(find_url(common.url))
        api = RemoteApi(find_url(common.url), setting("token"), read_only=read_only)
        stack.push_async_callback(api.close)
        return WebApp(api)
    app: App = await stack.enter_async_context(existing(common))
    return asgi(app, access=OwnMachine(Role.READ if read_only else Role.OPERATE))


async def _check_api(url: str) -> None:
    """Raise `RequestError` if what answers there is not this API. What is away may come, and what it does not allow
    the pages tell."""
    from outlast.http import RemoteApp

    with suppress(WorldUnavailableError, AccessDeniedError, TimeoutError):
        async with asyncio.timeout(ANSWER_WITHIN), RemoteApp(url) as app:
            await app.list_runs(limit=1)


async def _serve(web: Any, output: Output, port: int, world: str, *, opens: bool) -> None:
    from outlast.http.serving import Server, address_of, listen

    server = Server(web, grace=GRACE)
    try:
        listening = listen(HOST, port)
    except OSError as error:
        hint = "Choose another one: --port 0 takes a free one."
        raise Problem(f"nothing can listen at port {port}: {error.strerror}", hint=hint) from error
    url = f"{address_of(listening)}/"
    with Interrupts(server.stop).handled():
        output.text(url)
        output.document({"url": url})
        output.note_line(f"showing {shown_url(world)}; Ctrl-C stops", style="dim")
        if opens:
            # Some commands return when the browser is closed.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        await server.serve([listening])
