{{ config(materialized=two_tower.by_user()) }}
with

lists as (
    {{ two_tower.new_arrivals('production') }}
),

final as (
    select
        lists.*,
        {{ two_tower.label_of('lists.user_id') }},
        {{ two_tower.label_of('lists.item_id') }}
    from lists
)

select * from final
