with

lists as (
    {{ two_tower.popular_by_segment(ref('two_tower', 'segment_activity')) }}
),

final as (
    select
        lists.*,
        {{ two_tower.label_of('lists.item_id') }}
    from lists
)

select * from final
