with

activity as (
    {{ two_tower.segment_activity('evaluation') }}
),

segments as (
    select * from {{ ref('two_tower', 'user_segments') }}
),

popular as (
    {{ two_tower.popular_by_segment('activity') }}
),

targets as (
    select user_id, item_id from {{ ref('two_tower', 'cutoff_targets') }} where cutoff = 1
),

-- one line of SQL: what most users ever had
favourites as (
    select item_id from {{ ref('two_tower', 'item_features') }}
    where cutoff = 1
    order by users desc, {{ two_tower.stable_hash(['item_id']) }} asc
    limit {{ var('two_tower_k') }}
),

takers as (
    select distinct
        targets.user_id,
        segments.segment
    from targets
    inner join segments on targets.user_id = segments.user_id
),

places as (
    select takers.user_id, popular.item_id, 'value' as side
    from takers
    inner join popular on takers.segment = popular.segment
    union all
    select takers.user_id, favourites.item_id, 'baseline_value'
    from takers
    cross join favourites
),

popular_tried as (
    select
        places.user_id,
        count(targets.item_id) filter (where places.side = 'value') / {{ var('two_tower_k') }} as value,
        count(targets.item_id) filter (where places.side = 'baseline_value') / {{ var('two_tower_k') }}
            as baseline_value
    from places
    left join targets on places.user_id = targets.user_id and places.item_id = targets.item_id
    group by places.user_id
),

final as (
    select
        'popular_items' as list_type,
        'places whose item is taken' as task,
        'what most users ever had' as baseline,
        user_id as unit_id,
        value,
        baseline_value
    from popular_tried
)

select * from final
