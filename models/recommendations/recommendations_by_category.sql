with

users as (
    select * from {{ ref('two_tower', 'user_vectors') }}
),

items as (
    select
        vectors.*,
        categories.category
    from {{ ref('two_tower', 'item_vectors') }} as vectors
    inner join {{ ref('two_tower', 'item_categories') }} as categories on vectors.item_id = categories.item_id
),

exclusions as (
    select * from {{ ref('two_tower', 'excluded_items') }}
),

withheld as (
    select
        segment,
        item_id,
        '-infinity' as amount
    from {{ ref('two_tower', 'unavailable_items') }}
),

ranked as (
    {{ two_tower.top_k_lists(
        'users', 'items', var('two_tower_k'), 'exclusions', 'withheld', within='category'
    ) }}
),

final as (
    select
        ranked.user_id,
        ranked.category,
        ranked.rank,
        ranked.item_id,
        ranked.score,
        users.run_id,
        users.source
    from ranked
    inner join users on ranked.user_id = users.user_id
)

select * from final
