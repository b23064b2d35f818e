{% test agrees_with_exact(model, minimum, users=200) %}
    {#- On candidates: of the exact two_tower_k best items of a sample of users, at least a share was found. -#}
    with

    users as (
        select
            segments.user_id,
            segments.segment,
            embeddings.embedding
        from {{ ref('two_tower', 'user_segments') }} as segments
        inner join {{ ref('two_tower', 'user_embeddings') }} as embeddings on segments.user_id = embeddings.user_id
        where embeddings.stage = 'production' and embeddings.source = 'history'
        order by {{ two_tower.stable_hash(['segments.user_id']) }}
        limit {{ users }}
    ),

    items as (
        select * from {{ ref('two_tower', 'item_embeddings') }}
        where stage = 'production'
    ),

    exclusions as (
        select user_id, item_id from {{ ref('two_tower', 'excluded_items') }}
        union
        select user_id, item_id from {{ ref('two_tower', 'user_histories') }}
        where cutoff = 0
    ),

    withheld as (
        select
            segment,
            item_id,
            '-infinity' as amount
        from {{ two_tower.unavailable_items() }}
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
