{% macro popularity_baseline(model, measures) %}
    {#- Lists of the same items for everyone but what policy unseen_only excludes. `measures`: by policy, the columns of item_features to
        order by; the first is the score. Parsing passes an unknown policy, for check_vars to refuse it with a remedy. -#}
    with

    users as (
        {{ two_tower.evaluated_users() }}
    ),

    items as (
        select * from {{ ref('two_tower', 'item_features') }} where cutoff = 1
    ),

    {% for policy in var('two_tower_policies') -%}
    {{ policy }}_excluded as (
        select user_id, item_id from {{ ref('two_tower', 'user_histories') }} where cutoff = 1 and {{ policy == 'unseen_only' }}
    ),

    {{ policy }}_popular as (
        {{ two_tower.popular_items('items', measures.get(policy, ['users'])) }}
    ),

    {{ policy }}_lists as (
        {{ two_tower.popular_lists('users', policy ~ '_popular', var('two_tower_evaluation_k'), policy ~ '_excluded') }}
    ),

    {% endfor -%}
    final as (
        {% for policy in var('two_tower_policies') -%}
        select
            {{ two_tower.literal(model) }} as model,
            {{ two_tower.literal(policy) }} as policy,
            user_id,
            rank,
            item_id,
            score,
            cast(null as varchar) as run_id,
            {{ two_tower.literal(model) }} as source
        from {{ policy }}_lists
        {{ 'union all' if not loop.last }}
        {% endfor %}
    )

    select * from final
{%- endmacro %}
