{{ config(materialized=two_tower.by_user()) }}
with

-- made anew and not read from learning_candidates, which a refresh leaves as of the last training
candidates as (
    {{ two_tower.candidates('evaluation') }}
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
