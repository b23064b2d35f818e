{{ config(post_hook="{{ two_tower.create_similar_to() }}") }}
with

lists as (
    {{ two_tower.similar_items('production') }}
),

final as (
    select
        lists.*,
        {{ two_tower.label_of('lists.item_id') }},
        {{ two_tower.label_of('lists.similar_item_id') }}
    from lists
)

select * from final
