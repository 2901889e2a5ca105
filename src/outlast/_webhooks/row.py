"""What the row of a webhook says beyond that of a hook: all that a process needs that serves it and runs nothing."""

from typing import Any, Final

import msgspec

from outlast._webhooks.requests import Response
from outlast._webhooks.verifying import Check


class WebhookRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a webhook is served. Compatibility rule, as for events: fields are only ever added."""

    methods: tuple[str, ...] = ("POST",)
    max_body: int = 2**20
    """In bytes."""
    response: Response | None = None
    """What every request is answered."""
    manual: bool = False
    """Whether the run answers each request."""
    verify: Check | None = None

    @property
    def has_page(self) -> bool:
        """Whether people can see what is asked, and answer by a form."""
        return "GET" in self.methods


encode_row: Final = msgspec.json.Encoder().encode
decode_row: Final[Any] = msgspec.json.Decoder(WebhookRow).decode
