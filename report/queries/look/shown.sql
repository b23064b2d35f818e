with

lists as (
    select * from recommendations
    where user_id in ({{ ids | map('literal') | join(', ') }})
),

reasons as (
    select user_id, item_id, unnest(map_keys(reasons)) as reason_id, unnest(map_values(reasons)) as weight
    from lists
),

named as (
    select
        reasons.user_id,
        reasons.item_id,
        string_agg({{ item_name('items', 'reasons.reason_id') }}, ', ' order by reasons.weight desc) as because_of
    from reasons
    left join stg_items as items on reasons.reason_id = items.item_id
    group by 1, 2
)

select
    lists.user_id,
    lists.rank as "Place",
    {{ item_name('items', 'lists.item_id') }} as "Item",
    lists.item_id as "Item id",
    100 * lists.score as "Chance %",
    named.because_of as "Because of"
    {% if has_rules %}
    , array_to_string(lists.applied_rules, ', ') as "Rules"
    {% endif %}
from lists
left join named on lists.user_id = named.user_id and lists.item_id = named.item_id
left join stg_items as items on lists.item_id = items.item_id
order by lists.user_id, lists.rank
