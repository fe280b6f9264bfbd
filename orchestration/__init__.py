"""Peilstok: the warehouse behind the Dutch monitors of aggression, violence and integrity."""
