"""Webhooks: what comes to them, and what they are answered."""

from outlast._webhooks.requests import Response, TypedRequest, WebhookRequest

__all__ = ["Response", "TypedRequest", "WebhookRequest"]
