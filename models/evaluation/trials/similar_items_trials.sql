with

lists as (
    select 'value' as side, * from ({{ two_tower.similar_items('evaluation') }})
    union all
    select 'baseline_value', * from ({{ two_tower.similar_items('evaluation', by='users') }})
),

categories as (
    select * from {{ ref('two_tower', 'item_categories') }}
),

taken as (
    select user_id, item_id from {{ ref('two_tower', 'cutoff_targets') }} where cutoff = 1
),

-- of an item, the share of its list that is of its kind
agreements as (
    select
        'items of the same kind' as task,
        lists.side,
        lists.item_id as unit_id,
        avg(cast(ones.kind = others.kind as integer)) as value
    from lists
    inner join categories as ones on lists.item_id = ones.item_id
    inner join categories as others on lists.similar_item_id = others.item_id
    group by lists.side, lists.item_id
),

-- of what a user takes, the share with whose list they take something else, too
pairs as (
    select
        lists.side,
        taken.user_id,
        taken.item_id,
        max(cast(others.item_id is not null as integer)) as is_hit
    from taken
    inner join lists on taken.item_id = lists.item_id
    left join taken as others on taken.user_id = others.user_id and lists.similar_item_id = others.item_id
    group by lists.side, taken.user_id, taken.item_id
),

together as (
    select
        'taken by the same user' as task,
        side,
        user_id as unit_id,
        avg(is_hit) as value
    from pairs
    group by side, user_id
),

-- of the lists, the share without the item that stands in most of them
hubs as (
    select side, similar_item_id as item_id from lists
    group by side, similar_item_id
    qualify row_number() over (partition by side order by count(*) desc, similar_item_id asc) = 1
),

spread as (
    select
        'lists without the commonest item' as task,
        lists.side,
        lists.item_id as unit_id,
        cast(not bool_or(lists.similar_item_id = hubs.item_id) as integer) as value
    from lists
    inner join hubs on lists.side = hubs.side
    group by lists.side, lists.item_id
),

tasks as (
    select * from agreements
    union all
    select * from together
    union all
    select * from spread
),

final as (
    select
        'similar_items' as list_type,
        task,
        'item_neighbours' as baseline,
        unit_id,
        coalesce(max(value) filter (where side = 'value'), 0) as value,
        coalesce(max(value) filter (where side = 'baseline_value'), 0) as baseline_value
    from tasks
    group by task, unit_id
)

select * from final
