"""Frozen records without behaviour: what runs, events and workers are."""
