"""Dagster asset checks: each layer's gate, blocking, and recorded as evidence for ``publish``."""
