with

splits as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

ends as (
    select
        {{ two_tower.end_of_data() }} as end_at,
        {{ '1' if two_tower.serves_only() else two_tower.oldest_snapshot() }} as oldest
    from splits
),

numbers as (
    select cast(range as integer) as snapshot from range({{ var('two_tower_training_snapshots') | int + 3 }})
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
    where numbers.snapshot <= ends.oldest
)

select * from final
