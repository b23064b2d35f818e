{{ config(materialized=two_tower.by_user()) }}
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
offers as (
    select
        ranked.*,
        categories.category,
        categories.relative_value,
        {{ var('two_tower_policy') == 'allow_repeats' }} or not ranked.is_repeat as is_listed
    from ranked
    inner join categories on ranked.item_id = categories.item_id
),

worths as (
    {{ two_tower.with_worth('offers', ['user_id', 'is_listed']) }}
),

aged as (
    select
        *,
        {{ two_tower.is_new('production') }} as is_new
    from worths
),

numbered as (
    {{ two_tower.with_places('aged', ['user_id', 'is_listed']) }}
),

final as (
    select
        numbered.user_id,
        cast(case when numbered.is_listed then numbered.place end as integer) as rank,
        numbered.item_id,
        numbered.chance as score,
        numbered.worth,
        numbered.is_repeat,
        numbered.is_new,
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
