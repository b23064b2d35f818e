{{ config(post_hook="{{ two_tower.create_audience_for() }}") }}
with

lists as (
    {{ two_tower.item_audiences('production') }}
),

final as (
    select
        lists.*,
        {{ two_tower.label_of('lists.item_id') }},
        {{ two_tower.label_of('lists.user_id') }}
    from lists
)

select * from final
