-- every user gets two_tower_k items, or all that may be shown where they (or the caps) leave fewer, ranked 1, 2...
with

users as (
    select * from {{ ref('two_tower', 'user_segments') }}
),

items as (
    select count(*) as items
    from {{ ref('two_tower', 'item_features') }}
    where cutoff = 0
),

withheld as (
    select
        users.user_id,
        unavailable.item_id
    from {{ two_tower.unavailable_items() }} as unavailable
    inner join users on unavailable.segment = users.segment
    union
    select
        user_id,
        item_id
    from {{ ref('two_tower', 'excluded_items') }}
),

not_shown as (
    select
        withheld.user_id,
        count(*) as items
    from withheld
    semi join {{ ref('two_tower', 'item_embeddings') }} as known on withheld.item_id = known.item_id
    group by withheld.user_id
),

lists as (
    select
        user_id,
        count(distinct item_id) as items,
        max(rank) as last_rank
    from {{ ref('two_tower', 'recommendations') }}
    group by user_id
),

validation_errors as (
    select
        coalesce(users.user_id, lists.user_id) as user_id,
        least({{ var('two_tower_k') }}, items.items - coalesce(not_shown.items, 0)) as expected_items,
        coalesce(lists.items, 0) as items,
        lists.last_rank
    from users
    cross join items
    full join lists on users.user_id = lists.user_id
    left join not_shown on users.user_id = not_shown.user_id
)

select * from validation_errors
where
    expected_items is null
    or items > expected_items
    or (items < expected_items and {{ not (var('two_tower_caps') and var('two_tower_merchandising')) }})
    or (items > 0 and last_rank != items)
