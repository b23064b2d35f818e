{{ config(materialized=two_tower.by_user()) }}
with

candidates as (
    select * from {{ ref('two_tower', 'learning_candidates') }}
    where stage = 'evaluation'
),

ranked as (
    {{ two_tower.ranked('candidates', 'evaluation') }}
),

final as (
    select
        user_id,
        item_id,
        is_repeat,
        chance,
        cast(tower_score as double) as tower_score
    from ranked
)

select * from final
