with

lists as (
    {{ two_tower.similar_users('production') }}
),

final as (
    select
        lists.*,
        {{ two_tower.label_of('lists.user_id') }},
        {{ two_tower.label_of('lists.similar_user_id') }}
    from lists
)

select * from final
