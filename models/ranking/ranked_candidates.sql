with

candidates as (
    select * from {{ ref('two_tower', 'candidates') }}
),

ranked as (
    {{ two_tower.ranked('candidates', 'production') }}
),

users as (
    select * from {{ ref('two_tower', 'user_segments') }}
),

rankers as (
    select run_id from {{ ref('two_tower', 'ranker_registry') }} where horizon = 'production'
),

final as (
    select
        ranked.user_id,
        cast(
            row_number() over (
                partition by ranked.user_id
                order by ranked.chance desc, {{ two_tower.stable_hash(['ranked.item_id']) }}, ranked.item_id
            ) as integer
        ) as rank,
        ranked.item_id,
        ranked.chance as score,
        ranked.is_repeat,
        users.segment,
        rankers.run_id,
        case when ranked.tower_score is null then 'popularity' else 'history' end as source
    from ranked
    inner join users on ranked.user_id = users.user_id
    cross join rankers
    qualify rank <= {{ [var('two_tower_rank_depth') | int, var('two_tower_k') | int] | max }}
)

select * from final
