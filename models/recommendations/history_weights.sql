with

users as (
    select * from {{ ref('two_tower', 'user_embeddings') }}
    where horizon = 'production' and policy = '{{ var('two_tower_policy') }}' and source = 'history'
),

items as (
    select * from {{ ref('two_tower', 'item_embeddings') }}
    where horizon = 'production'
),

-- what a user had most often says most, and of that the newest
histories as (
    select
        user_id,
        item_id
    from {{ ref('two_tower', 'user_histories') }}
    where snapshot = 0
    qualify
        row_number() over (partition by user_id order by interactions desc, position asc)
        <= {{ var('two_tower_reason_items') }}
),

lists as (
    select
        histories.user_id,
        list(items.item_id order by items.item_id) as item_ids,
        list(items.embedding order by items.item_id) as vectors
    from histories
    inner join items on histories.item_id = items.item_id
    group by histories.user_id
),

weighted as (
    select
        lists.user_id,
        users.run_id,
        unnest(lists.item_ids) as item_id,
        unnest(history_weights(users.embedding, lists.vectors)) as weight
    from lists
    inner join users on lists.user_id = users.user_id
),

final as (
    select
        user_id,
        item_id,
        run_id,
        cast(weight as double) as weight
    from weighted
)

select * from final
