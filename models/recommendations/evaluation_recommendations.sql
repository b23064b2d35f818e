with

users as (
    {{ two_tower.evaluated_users() }}
),

final as (
    {%- for policy in var('two_tower_policies') %}
        select
            'two_tower' as model,
            {{ two_tower.literal(policy) }} as policy,
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
