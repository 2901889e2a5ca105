"""The tokens of webhooks: secrets that carry whose they are, so that the end of a webhook can be told from a guess."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from outlast._ids import hook_token
from outlast.errors import DefinitionError

PATH: Final = "/.well-known/workflow/v1/webhook/"
"""Where webhooks are, below the public URL."""
_MAC: Final = 24
_PREFIX: Final = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


class Claimed(msgspec.Struct, frozen=True):
    """Whose a token says it is."""

    run_id: str
    ref: str
    proof: str

    def holds(self, secret: str) -> bool:
        """Whether the run with this secret has made it."""
        return bool(secret) and hmac.compare_digest(hook_token(secret, self.ref), self.proof)


def webhook_token(proof: str, run_id: str, ref: str, prefix: str | None) -> str:
    """The token of a webhook. `proof` is that of a hook; run and hook can be read by whoever has the token.

    Raises `DefinitionError` for a prefix that no token can have.
    """
    if prefix is not None and not _PREFIX.fullmatch(prefix):
        raise DefinitionError(
            "webhook()", f"token_prefix={prefix!r} cannot be used: 1 to 40 of A-Z a-z 0-9 _ -"
        )
    owner = urlsafe_b64encode(f"{ref}\0{run_id}".encode()).rstrip(b"=").decode()
    return f"{prefix or ''}{proof}.{owner}"


def read_token(token: str) -> Claimed | None:
    """Whose it says it is; `None` if it is no token of a webhook."""
    head, dot, owner = token.rpartition(".")
    if not dot or len(head) < _MAC or not head.isascii():
        return None
    try:
        ref, _, run_id = urlsafe_b64decode(owner + "=" * (-len(owner) % 4)).decode().partition("\0")
    except ValueError:
        return None
    return Claimed(run_id, ref, head[-_MAC:])
