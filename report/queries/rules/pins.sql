with

meant as (
    select rules.rule_id, rules.item_id, rules.position, segments.user_id, segments.segment
    from active_rules as rules
    inner join user_segments as segments on coalesce(rules.segment, segments.segment) = segments.segment
    where rules.action = 'pin'
),

seen as (
    select
        meant.*,
        coalesce(list_contains(lists.applied_rules, meant.rule_id), false) as is_applied,
        case
            when lists.item_id is not null then 'shown at another place'
            when withheld.item_id is not null then withheld.reason
            when excluded.item_id is not null then excluded.reason
            else 'another pin or a cap took the place'
        end as reason
    from meant
    left join recommendations as lists on meant.user_id = lists.user_id and meant.item_id = lists.item_id
    left join unavailable_items as withheld on meant.segment = withheld.segment and meant.item_id = withheld.item_id
    left join excluded_items as excluded on meant.user_id = excluded.user_id and meant.item_id = excluded.item_id
)

select
    seen.rule_id as "Rule",
    {{ item_name('items', 'seen.item_id') }} as "Item",
    seen.item_id as "Item id",
    seen.position as "Place",
    count(*) as "Users without it",
    seen.reason as "Why"
from seen
left join stg_items as items on seen.item_id = items.item_id
where not seen.is_applied
group by 1, 2, 3, 4, 6
order by 5 desc, 1, 3
limit 20
