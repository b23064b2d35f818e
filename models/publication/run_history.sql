{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='append_new_columns', full_refresh=false
) }}
with

publication as (
    select * from {{ ref('two_tower', 'publication') }}
),

measures as (
    select * from {{ ref('two_tower', 'run_measures') }}
),

warehouse as (
    select sum(total_blocks * block_size) as size from pragma_database_size() where database_name = current_database()
),

all_measures as (
    select
        measure,
        subject,
        value
    from measures
    union all
    select
        'seconds',
        'publication',
        seconds
    from publication
    union all
    select
        'bytes',
        'published file',
        bytes
    from publication
    union all
    select
        'bytes',
        'warehouse',
        size
    from warehouse
),

final as (
    select
        publication.set_id,
        publication.published_at,
        cast({{ two_tower.literal(run_started_at.strftime('%Y-%m-%d %H:%M:%S')) }} as timestamp) as started_at,
        all_measures.measure,
        all_measures.subject,
        cast(all_measures.value as double) as value
    from all_measures
    cross join publication
    {% if is_incremental() -%}
        where publication.set_id not in (select history.set_id from {{ this }} as history)
    {%- endif %}
)

select * from final
