with

splits as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

ends as (
    select
        {{ '(select ' ~ two_tower.end_of_data() ~ ' from ' ~ ref('two_tower', 'stg_interactions') ~ ')'
            if two_tower.tells_types_apart() else two_tower.end_of_data() }} as end_at,
        {{ '1' if two_tower.serves_only() else two_tower.oldest_cutoff() }} as oldest
    from splits
),

numbers as (
    select cast(range as integer) as cutoff from range({{ var('two_tower_training_cutoffs') | int + 3 }})
),

final as (
    select
        numbers.cutoff,
        {% if var('two_tower_split') == 'time' -%}
            ends.end_at - numbers.cutoff * interval {{ var('two_tower_test_days') }} day as as_of
        {%- else -%}
            cast(null as timestamp) as as_of
        {%- endif %}
    from numbers
    cross join ends
    where numbers.cutoff <= ends.oldest
)

select * from final
