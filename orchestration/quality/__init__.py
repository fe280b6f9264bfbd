"""Results of all gates: Great Expectations suites on profiles of each layer, dbt tests, the crosswalk."""
