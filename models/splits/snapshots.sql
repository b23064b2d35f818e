{%- set oldest = var('two_tower_training_snapshots') + 2 -%}
with

splits as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

ends as (
    select
        {{ two_tower.end_of_data() }} as end_at,
        max(bucket) as oldest_bucket
    from splits
),

numbers as (
    select cast(range as integer) as snapshot from range({{ oldest + 1 }})
),

final as (
    select
        numbers.snapshot,
        {% if var('two_tower_split') == 'time' -%}
            ends.end_at - numbers.snapshot * interval {{ var('two_tower_test_days') }} day as as_of
        {%- else -%}
            cast(null as timestamp) as as_of
        {%- endif %}
    from numbers
    cross join ends
    -- a snapshot needs a history: at least one window older than its own
    where numbers.snapshot <= greatest(ends.oldest_bucket, 1)
)

select * from final
