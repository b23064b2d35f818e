with

final as (
    select
        'recommendations' as list_type,
        'recall@{{ var('two_tower_gate_k') }}, policy ' || lists.policy as task,
        'als' as baseline,
        lists.user_id as unit_id,
        lists.recall as value,
        baselines.recall as baseline_value
    from {{ ref('two_tower', 'recall_by_user') }} as lists
    inner join {{ ref('two_tower', 'recall_by_user') }} as baselines
        on
            lists.policy = baselines.policy
            and lists.k = baselines.k
            and lists.slice = baselines.slice
            and lists.user_id = baselines.user_id
    where
        lists.model = 'two_tower'
        and baselines.model = 'als'
        and lists.slice = 'all'
        and lists.k = {{ var('two_tower_gate_k') }}
)

select * from final
