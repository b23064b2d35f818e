with

users as (
    select user_id
    from {{ ref('two_tower', 'snapshot_targets') }}
    where snapshot = 1
    union
    select user_id
    from {{ ref('two_tower', 'user_histories') }}
    where snapshot = 1
),

final as (
    {%- for policy in var('two_tower_policies') %}
        select
            'two_tower' as model,
            '{{ policy }}' as policy,
            lists.*
        from (
            {{ two_tower.two_tower_lists('users', 'evaluation', policy, var('two_tower_evaluation_k')) }}
        ) as lists
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from final
