"""The process that claims runs: claims, heartbeats, upkeep, start and stop."""
