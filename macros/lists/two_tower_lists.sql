{% macro two_tower_lists(users, horizon, policy, k) %}
    {#- Select of full lists for the users: user_id, rank, item_id, score, run_id, source.
        Those whose list the towers cannot fill get the popular ones. -#}
    with

    lists_horizons as (
        select snapshot from {{ ref('two_tower', 'horizons') }} where horizon = {{ two_tower.literal(horizon) }}
    ),

    lists_exclusions as (
        select
            histories.user_id,
            histories.item_id
        from {{ ref('two_tower', 'user_histories') }} as histories
        inner join lists_horizons on histories.snapshot = lists_horizons.snapshot
        where {{ policy == 'new' }}
    ),

    lists_items as (
        select * from {{ ref('two_tower', 'item_embeddings') }} where horizon = {{ two_tower.literal(horizon) }}
    ),

    lists_users as (
        select embeddings.*
        from {{ ref('two_tower', 'user_embeddings') }} as embeddings
        semi join {{ users }} as users on embeddings.user_id = users.user_id
        where
            embeddings.horizon = {{ two_tower.literal(horizon) }}
            and embeddings.policy = {{ two_tower.literal(policy) }}
            and embeddings.source != 'nothing'
    ),

    lists_scored as (
        {% set exclusions = 'lists_exclusions' if policy == 'new' else none -%}
        {{ two_tower.top_k_lists('lists_users', 'lists_items', k, exclusions) }}
    ),

    lists_catalogue as (
        select features.*
        from {{ ref('two_tower', 'item_features') }} as features
        inner join lists_horizons on features.snapshot = lists_horizons.snapshot
    ),

    lists_popularity as (
        {{ two_tower.popular_items('lists_catalogue', ['recent_users', 'users']) }}
    ),

    lists_lengths as (
        select
            users.user_id,
            least({{ k }}, catalogue.items - count(exclusions.item_id)) as length
        from {{ users }} as users
        cross join (select count(*) as items from lists_popularity) as catalogue
        left join lists_exclusions as exclusions on users.user_id = exclusions.user_id
        group by users.user_id, catalogue.items
    ),

    lists_short as (
        select lengths.user_id
        from lists_lengths as lengths
        left join lists_scored on lengths.user_id = lists_scored.user_id
        group by lengths.user_id, lengths.length
        having count(lists_scored.item_id) < lengths.length
    ),

    lists_popular as (
        {{ two_tower.popular_lists('lists_short', 'lists_popularity', k, 'lists_exclusions') }}
    ),

    lists_all as (
        select
            lists_scored.*,
            lists_users.run_id,
            lists_users.source
        from lists_scored
        inner join lists_users on lists_scored.user_id = lists_users.user_id
        anti join lists_short on lists_scored.user_id = lists_short.user_id
        union all
        select
            *,
            cast(null as varchar) as run_id,
            'popularity' as source
        from lists_popular
    )

    select * from lists_all
{%- endmacro %}
