with

lists as (
    {{ two_tower.new_arrivals('evaluation') }}
),

arrivals as (
    select
        item_id,
        row_number() over (order by users desc, {{ two_tower.stable_hash(['item_id']) }} asc) as place,
        count(*) over () as arrivals
    from {{ ref('two_tower', 'item_features') }}
    where cutoff = 1 and item_id in (select item_id from ({{ two_tower.arrivals('evaluation') }}))
),

found as (
    select
        taken.user_id,
        least(count(*), {{ var('two_tower_k') }}) as reachable,
        count(lists.item_id) as hits,
        sum(least({{ var('two_tower_k') }} / arrivals.arrivals, 1)) as hits_by_chance,
        count(*) filter (where arrivals.place <= {{ var('two_tower_k') }}) as popular_hits
    from {{ ref('two_tower', 'cutoff_targets') }} as taken
    inner join arrivals on taken.item_id = arrivals.item_id
    left join lists on taken.user_id = lists.user_id and taken.item_id = lists.item_id
    where taken.is_measured and not taken.is_repeat
    group by taken.user_id
),

final as (
    select
        'new_arrivals' as list_type,
        'new items that are taken' as task,
        'chance' as baseline,
        user_id as unit_id,
        hits / reachable as value,
        hits_by_chance / reachable as baseline_value
    from found
    union all
    select
        'new_arrivals',
        'new items that are taken',
        'the new items of most users',
        user_id,
        hits / reachable,
        popular_hits / reachable
    from found
)

select * from final
