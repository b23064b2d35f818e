with

ids as (
    select 'stg_items' as place, 'item_id' as kind, events.item_id as id, count(*) as events
    from stg_interactions as events
    anti join stg_items as items on events.item_id = items.item_id
    group by 3
    union all
    select 'stg_users' as place, 'user_id' as kind, events.user_id as id, count(*) as events
    from stg_interactions as events
    anti join stg_users as users on events.user_id = users.user_id
    group by 3
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
