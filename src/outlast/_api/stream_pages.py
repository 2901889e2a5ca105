"""Reading streams page by page, as they are stored: for edges that pass them on."""

from collections.abc import AsyncGenerator

from outlast._api.app import App
from outlast._api.writable import checked_name
from outlast.errors import RunNotFoundError
from outlast.world import StreamPage, StreamRead


async def stream_pages(
    app: App, run_id: str, name: str, start: int, *, epoch: int | None = None, follow: bool = True
) -> AsyncGenerator[StreamPage]:
    """The pages of a stream from index `start` on, as they come, until it is over.

    A page whose `rewound_to` is below what was given before takes that back: it begins there. So it does when
    something was taken back since the `epoch` in which the reader has read before. Pages that say nothing new
    are left out, except the first and the last one. Without `follow`, what is there now is all.

    Raises:
        RunNotFoundError: There is no such run.
        ValueError: The name is none.
    """
    runtime = app.runtime
    reads = runtime.stream_reads
    request = StreamRead(run_id=run_id, name=checked_name(name), start=start, epoch=epoch)
    until: int | None = None
    with runtime.followers.following(
        run_id
    ):  # all the time, so that listening does not begin ever anew
        page = await reads.read(request)
        while True:
            if page is None:
                raise RunNotFoundError(run_id)
            if page.rewound_to is not None and 0 <= page.rewound_to < request.start:
                back = page.rewound_to
                request = StreamRead(run_id=run_id, name=name, start=back, epoch=request.epoch)
                page = await reads.read(request)
                continue
            at = page.start + len(page.chunks)
            over = page.over and at >= page.tail
            if until is None or page.chunks or page.rewound_to is not None or over:
                yield page
            until = page.tail if until is None else until
            if over or (not follow and at >= until):
                return
            request = StreamRead(run_id=run_id, name=name, start=at, epoch=page.epoch)
            page = await (reads.news(request) if at >= page.tail else reads.read(request))
