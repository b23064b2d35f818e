with

ids as (
    select 'stg_items' as place, 'item_id' as kind, counted.item_id as id, counted.events
    from (select item_id, count(*) as events from stg_interactions group by 1) as counted
    anti join stg_items as items on counted.item_id = items.item_id
    union all
    select 'stg_users' as place, 'user_id' as kind, counted.user_id as id, counted.events
    from (select user_id, count(*) as events from stg_interactions group by 1) as counted
    anti join stg_users as users on counted.user_id = users.user_id
)

select
    kind as "Key",
    place as "Has no row in",
    count(*) as "Different ids",
    sum(events) as "Events",
    100.0 * sum(events) / (select count(*) from stg_interactions) as "Events %",
    max_by(id, events) as "Most frequent id"
from ids
group by 1, 2
order by 1
