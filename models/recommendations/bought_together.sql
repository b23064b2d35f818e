{{ config(post_hook="{{ two_tower.create_complete_basket() }}") }}
with

lists as (
    {{ two_tower.bought_together('production') }}
),

final as (
    select
        lists.*,
        {{ two_tower.label_of('lists.item_id') }},
        {{ two_tower.label_of('lists.bought_item_id') }}
    from lists
)

select * from final
