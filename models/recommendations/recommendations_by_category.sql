{{ config(materialized=two_tower.by_user()) }}
with

lists as (
    {{ two_tower.recommendations_by_category('production') }}
),

rankers as (
    select run_id from {{ ref('two_tower', 'ranker_registry') }} where stage = 'production'
),

final as (
    select
        lists.user_id,
        {{ two_tower.label_of('lists.user_id') }},
        lists.category,
        lists.rank,
        lists.item_id,
        {{ two_tower.label_of('lists.item_id') }},
        lists.score,
        rankers.run_id,
        lists.source
    from lists
    cross join rankers
)

select * from final
