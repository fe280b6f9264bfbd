"""Where a published cell comes from, and what becomes of a delivered variable: read from a release and the registry."""
