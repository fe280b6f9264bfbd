"""Quantiles, probabilities and intervals that SQL lacks, as vectorised DuckDB functions."""
