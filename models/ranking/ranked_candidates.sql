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

categories as (
    select * from {{ ref('two_tower', 'item_categories') }}
),

rankers as (
    select run_id from {{ ref('two_tower', 'ranker_registry') }} where stage = 'production'
),

numbered as (
    select
        ranked.*,
        categories.category,
        cast(
            row_number() over (
                partition by ranked.user_id
                order by ranked.chance desc, {{ two_tower.stable_hash(['ranked.item_id']) }} asc, ranked.item_id asc
            ) as integer
        ) as rank
    from ranked
    inner join categories on ranked.item_id = categories.item_id
),

final as (
    select
        numbered.user_id,
        numbered.rank,
        numbered.item_id,
        numbered.chance as score,
        numbered.is_repeat,
        numbered.category,
        cast(row_number() over (partition by numbered.user_id, numbered.category order by numbered.rank asc) as integer)
            as category_rank,
        users.segment,
        rankers.run_id,
        case when numbered.tower_score is null then 'popularity' else 'history' end as source
    from numbered
    inner join users on numbered.user_id = users.user_id
    cross join rankers
    qualify
        numbered.rank <= {{ [var('two_tower_rank_depth') | int, var('two_tower_k') | int] | max }}
        or category_rank <= {{ var('two_tower_k') }}
        or list_contains(numbered.found_by, 'rules')
)

select * from final
