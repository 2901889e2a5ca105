"""Webhooks: hooks with a URL, how requests to them are checked, and what they are answered."""
