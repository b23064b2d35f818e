{{ config(materialized=two_tower.by_user()) }}
{#- The lists as they are published, and those of the towers alone, for the users of the test window. -#}
with

candidates as (
    select * from {{ ref('two_tower', 'evaluated_candidates') }}
),

categories as (
    select * from {{ ref('two_tower', 'item_categories') }}
),

rankers as (
    select run_id from {{ ref('two_tower', 'ranker_registry') }} where stage = 'evaluation'
),

policies as (
    {{ two_tower.rows_of('policy', var('two_tower_policies')) }}
),

offers as (
    select
        policies.policy,
        candidates.*,
        categories.category,
        categories.relative_value
    from candidates
    inner join categories on candidates.item_id = categories.item_id
    inner join policies on policies.policy = 'allow_repeats' or not candidates.is_repeat
),

worths as (
    {{ two_tower.with_worth('offers', ['policy', 'user_id']) }}
),

aged as (
    select
        *,
        {{ two_tower.is_new('evaluation') }} as is_new
    from worths
),

published as (
    {{ two_tower.with_places('aged', ['policy', 'user_id']) }}
),

lists as (
    select
        'two_tower' as model, policy, user_id, place, item_id, chance as score, tower_score
    from published
    union all
    select
        'towers', policy, user_id,
        row_number() over (
            partition by policy, user_id
            order by tower_score desc, {{ two_tower.stable_hash(['item_id']) }} asc, item_id asc
        ),
        item_id, tower_score as score, tower_score
    from offers
    where tower_score is not null
),

final as (
    select
        lists.model,
        lists.policy,
        lists.user_id,
        cast(lists.place as integer) as rank,
        lists.item_id,
        lists.score,
        rankers.run_id,
        case when lists.tower_score is null then 'popularity' else 'history' end as source
    from lists
    cross join rankers
    where lists.place <= {{ var('two_tower_evaluation_k') }}
)

select * from final
