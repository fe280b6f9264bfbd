"""Dagster assets: raw deliveries, landing, the dbt models and the release."""
