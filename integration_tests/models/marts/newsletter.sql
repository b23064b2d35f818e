-- built only where the set of the night was published; else it stays as it is, as the lists that customers see do
with

recommendations as (
    select * from {{ ref('two_tower', 'recommendations') }}
),

publication as (
    select * from {{ ref('two_tower', 'publication') }}
),

final as (
    select
        recommendations.user_id as customer_id,
        recommendations.rank,
        recommendations.item_id,
        recommendations.run_id,
        publication.set_id
    from recommendations
    cross join publication
    where recommendations.rank <= 3
)

select * from final
