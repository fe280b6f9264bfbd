-- Grain: one row per landed file (wave_id, instrument_id, file_id).
select
    row_number() over (order by wave_id, instrument_id, file_id) as file_key,
    wave_id,
    programme_id,
    instrument_id,
    file_id,
    cast(delivery_version as integer) as delivery_version,
    path,
    sha256,
    codebook_sha256,
    cast(n_rows as bigint) as n_rows,
    cast(n_columns as integer) as n_columns,
    nullif(weight_variable, '') as weight_variable,
    nullif(stratum_variables, '') as stratum_variables,
    nullif(psu_variable, '') as psu_variable,
    is_synthetic,
    is_assumed,
    supplier,
    received_on,
    landing_hash
from {{ source('landing', 'delivery') }}
