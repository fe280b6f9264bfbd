"""A second reading of every delivered file, by a reader that shares no code with the first."""
