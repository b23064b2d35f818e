with

ranked as (
    select * from {{ ref('two_tower', 'ranked_candidates') }}
    where category_rank <= {{ var('two_tower_k') }}
),

final as (
    select
        user_id,
        category,
        category_rank as rank,
        item_id,
        score,
        run_id,
        source
    from ranked
)

select * from final
