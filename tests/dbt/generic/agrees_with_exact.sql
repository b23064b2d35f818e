{% test agrees_with_exact(model, minimum, users=200) %}
    {#- On model_rankings: of the exact two_tower_k best items of a sample of users, at least a share stands in the lists. -#}
    with

    users as (
        select * from {{ ref('two_tower', 'user_vectors') }}
        order by {{ two_tower.stable_hash(['user_id']) }}
        limit {{ users }}
    ),

    items as (
        select * from {{ ref('two_tower', 'item_vectors') }}
    ),

    exclusions as (
        select * from {{ ref('two_tower', 'excluded_items') }}
    ),

    withheld as (
        select
            segment,
            item_id,
            '-infinity' as amount
        from {{ ref('two_tower', 'unavailable_items') }}
    ),

    exact as (
        {{ two_tower.top_k_lists('users', 'items', var('two_tower_k'), 'exclusions', 'withheld', approximate=false) }}
    ),

    measured as (
        select count(lists.item_id) / count(*) as recall
        from exact
        left join {{ model }} as lists
            on exact.user_id = lists.user_id and exact.item_id = lists.item_id
    ),

    validation_errors as (
        select * from measured
        where recall < {{ minimum }}
    )

    select * from validation_errors
{% endtest %}
