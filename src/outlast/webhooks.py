"""Webhooks: what comes to them, and what they are answered."""

from outlast._webhooks.requests import Response, TypedRequest, WebhookRequest
from outlast._webhooks.signatures import GitHub, Slack, StandardWebhooks, Stripe, Verifier
from outlast._webhooks.webhook import Webhook, webhook

__all__ = [
    "GitHub",
    "Response",
    "Slack",
    "StandardWebhooks",
    "Stripe",
    "TypedRequest",
    "Verifier",
    "Webhook",
    "WebhookRequest",
    "webhook",
]
