with

segments as (
    select distinct segment from {{ ref('two_tower', 'user_segments') }}
),

items as (
    select item_id from {{ ref('two_tower', 'item_categories') }}
),

availability as (
    {{ two_tower.input_rows('item_availability') }}
),

available as (
    select
        availability.item_id,
        availability.segment
    from availability
    where {{ two_tower.in_force('availability.available_from', 'availability.available_until', two_tower.served_at()) }}
),

exclusions as (
    select * from {{ ref('two_tower', 'active_rules') }}
    where action = 'exclude'
),

withheld as (
    select
        segments.segment,
        exclusions.item_id,
        'rule ' || exclusions.rule_id as reason
    from exclusions
    inner join segments on coalesce(exclusions.segment, segments.segment) = segments.segment
    union all
    select
        segments.segment,
        items.item_id,
        'not available' as reason
    from segments
    cross join items
    anti join available
        on
            items.item_id = available.item_id
            and segments.segment = coalesce(available.segment, segments.segment)
    -- without the relation everything is available
    where {{ var('two_tower_item_availability') != '' }}
),

by_segment as (
    select
        segment,
        item_id,
        min(reason) as reason
    from withheld
    group by segment, item_id
),

-- lists that are not for one user leave out what nobody may have
for_nobody as (
    select
        'all' as segment,
        item_id,
        min(reason) as reason
    from by_segment
    group by item_id
    having count(*) = (select count(*) from segments)
),

final as (
    select * from by_segment
    union all
    select * from for_nobody
    where segment not in (select segment from segments)
)

select * from final
