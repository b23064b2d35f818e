{{ config(materialized=two_tower.by_user()) }}
with

users as (
    select * from {{ ref('two_tower', 'user_embeddings') }}
    where stage = 'production' and source = 'history'
),

items as (
    select * from {{ ref('two_tower', 'item_embeddings') }}
    where stage = 'production'
),

-- what a user had most often says most, and of that the newest
histories as (
    select user_id, item_id
    from {{ two_tower.interests() }}
    where cutoff = 0 and position is not null
    qualify
        row_number() over (partition by user_id order by interactions desc, position asc)
        <= {{ var('two_tower_reason_items') }}
),

catalogue as (
    select
        item_id,
        embedding,
        cast(row_number() over (order by item_id asc) as integer) as position
    from items
    semi join histories on items.item_id = histories.item_id
),

catalogues as (
    select list(embedding order by position asc) as items from catalogue
),

lists as (
    select
        users.user_id,
        users.embedding,
        list(catalogue.position order by catalogue.position asc) as history,  -- sums in another order round otherwise
        row_number() over (order by users.user_id asc) as place
    from users
    inner join histories on users.user_id = histories.user_id
    inner join catalogue on histories.item_id = catalogue.item_id
    group by users.user_id, users.embedding
),

blocks as (
    select list(lists order by lists.place asc) as users from lists
    group by lists.place // 16384
),

weighted as (
    select
        unnest(blocks.users) as reader,
        unnest(attribute_history(blocks.users, catalogues.items)) as weights
    from blocks
    cross join catalogues
),

pairs as (
    select
        reader.user_id as user_id,
        unnest(reader.history) as position,
        unnest(weights) as weight
    from weighted
),

final as (
    select
        pairs.user_id,
        catalogue.item_id,
        users.run_id,
        cast(pairs.weight as double) as weight
    from pairs
    inner join catalogue on pairs.position = catalogue.position
    inner join users on pairs.user_id = users.user_id
)

select * from final
