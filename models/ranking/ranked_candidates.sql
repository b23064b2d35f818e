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

-- what the policy withholds from the lists has no rank; buy_again shows it all the same
numbered as (
    select
        ranked.*,
        categories.category,
        {{ var('two_tower_policy') == 'allow_repeats' }} or not ranked.is_repeat as is_listed,
        row_number() over (
            partition by ranked.user_id, is_listed
            order by ranked.chance desc, {{ two_tower.stable_hash(['ranked.item_id']) }} asc, ranked.item_id asc
        ) as place
    from ranked
    inner join categories on ranked.item_id = categories.item_id
),

final as (
    select
        numbered.user_id,
        cast(case when numbered.is_listed then numbered.place end as integer) as rank,
        numbered.item_id,
        numbered.chance as score,
        numbered.is_repeat,
        numbered.category,
        numbered.found_by,
        users.segment,
        rankers.run_id,
        case when numbered.tower_score is null then 'popularity' else 'history' end as source
    from numbered
    inner join users on numbered.user_id = users.user_id
    cross join rankers
)

select * from final
