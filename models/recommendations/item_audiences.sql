{{ config(post_hook="{{ two_tower.create_audience_for() }}") }}

-- the towers turned round: items look for users
with

users as (
    select
        user_id as item_id,
        embedding
    from {{ ref('two_tower', 'user_embeddings') }}
    where stage = 'production' and source = 'history'
),

-- lists for what sells; the table macro audience_for() answers for every other item
sold as (
    select item_id from {{ ref('two_tower', 'item_features') }}
    where cutoff = 0 and recent_users >= {{ var('two_tower_min_support') }}
),

-- items that are withheld from the same segments are ruled as one
barred as (
    select
        item_id,
        list(segment order by segment asc) as segments,
        cast(dense_rank() over (order by segments asc) as varchar) as barring
    from {{ two_tower.unavailable_items() }}
    group by item_id
),

items as (
    select
        embeddings.item_id as user_id,
        embeddings.run_id,
        barred.barring as segment,
        embeddings.embedding
    from {{ ref('two_tower', 'item_embeddings') }} as embeddings
    inner join sold on embeddings.item_id = sold.item_id
    left join barred on embeddings.item_id = barred.item_id
    where embeddings.stage = 'production'
),

withheld as (
    select distinct
        barred.barring as segment,
        segments.user_id as item_id,
        '-infinity' as amount
    from (select distinct barring, segments from barred) as barred
    inner join {{ ref('two_tower', 'user_segments') }} as segments
        on list_contains(barred.segments, segments.segment)
),

exclusions as (
    select
        item_id as user_id,
        user_id as item_id
    from {{ ref('two_tower', 'excluded_items') }}
),

ranked as (
    {{ two_tower.top_k_lists('items', 'users', var('two_tower_audience_size'), 'exclusions', 'withheld') }}
),

final as (
    select
        ranked.user_id as item_id,
        ranked.rank,
        ranked.item_id as user_id,
        ranked.score,
        items.run_id
    from ranked
    inner join items on ranked.user_id = items.user_id
)

select * from final
