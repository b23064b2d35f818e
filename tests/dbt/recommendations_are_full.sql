-- every user gets two_tower_k items, or all that the policy leaves when there are fewer, ranked 1, 2, 3, ...
with

users as (
    select user_id from {{ ref('two_tower', 'stg_users') }}
    union
    select user_id from {{ ref('two_tower', 'stg_interactions') }}
),

items as (
    select count(*) as items
    from {{ ref('two_tower', 'item_features') }}
    where snapshot = 0
),

excluded as (
    select
        user_id,
        count(*) as items
    from {{ ref('two_tower', 'user_histories') }}
    where snapshot = 0 and {{ var('two_tower_policy') == 'new' }}
    group by user_id
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
        least({{ var('two_tower_k') }}, items.items - coalesce(excluded.items, 0)) as expected_items,
        coalesce(lists.items, 0) as items,
        lists.last_rank
    from users
    cross join items
    full join lists on users.user_id = lists.user_id
    left join excluded on users.user_id = excluded.user_id
)

select * from validation_errors
where
    expected_items is null
    or items != expected_items
    or (items > 0 and last_rank != items)
