"""Proposals for a new wave: what its variables probably are, by what earlier waves were taken for."""
