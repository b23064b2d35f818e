{{ config(materialized=two_tower.by_user()) }}
with

users as (
    select user_id from {{ ref('two_tower', 'user_segments') }}
),

final as (
    {%- for experiment in var('two_tower_experiments') or {} %}
        select
            {{ two_tower.literal(experiment | string) }} as experiment,
            user_id,
            {{ two_tower.assign_variant('user_id', experiment) }} as variant
        from users
        union all
    {%- endfor %}
    select
        '' as experiment,
        user_id,
        '' as variant
    from users
    where false
)

select * from final
