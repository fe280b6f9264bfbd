"""The private working file ``warehouse.duckdb``: built by dbt in process, audited in Python."""
