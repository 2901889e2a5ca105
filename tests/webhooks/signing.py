"""Requests as their senders sign them, written apart from what checks them."""

import base64
import hmac
from datetime import UTC, datetime, timedelta

from outlast._webhooks.requests import WebhookRequest
from outlast._webhooks.signatures import GitHub, Slack, StandardWebhooks, Stripe, Verification

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - that of the published example
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = b'{"test": 2432232314}'
SECONDS = 1_614_265_330
NOW = datetime.fromtimestamp(SECONDS, UTC) + timedelta(seconds=2)

SCHEMES: tuple[Verification, ...] = (
    StandardWebhooks("SECRET"),
    GitHub("SECRET"),
    Stripe("SECRET"),
    Slack("SECRET"),
)


def signed(
    scheme: Verification, body: bytes = BODY, *, secret: str = SECRET, at: int = SECONDS
) -> WebhookRequest:
    """A request of the sender whose scheme it is."""
    headers: dict[str, str]
    match scheme:
        case StandardWebhooks():
            key = base64.b64decode(secret.removeprefix("whsec_"))
            made = hmac.digest(key, b"msg_1.%d.%b" % (at, body), "sha256")
            headers = {
                "webhook-id": "msg_1",
                "webhook-timestamp": str(at),
                "webhook-signature": "v1," + base64.b64encode(made).decode(),
            }
        case GitHub():
            headers = {"x-hub-signature-256": "sha256=" + _hex(secret, body)}
        case Stripe():
            headers = {"stripe-signature": f"t={at},v1=" + _hex(secret, b"%d.%b" % (at, body))}
        case Slack():
            headers = {
                "x-slack-signature": "v0=" + _hex(secret, b"v0:%d:%b" % (at, body)),
                "x-slack-request-timestamp": str(at),
            }
    return WebhookRequest(method="POST", headers=headers, body=body)


def _hex(secret: str, content: bytes) -> str:
    return hmac.digest(secret.encode(), content, "sha256").hex()
