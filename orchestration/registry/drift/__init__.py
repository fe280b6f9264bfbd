"""Drift: whether a delivery still means what the registry, and the waves before it, say it means."""
