{% macro what_if_user(features, k=10) %}
    {%- set segments = ['unknown'] -%}
    {%- set column = two_tower.setting('two_tower_segment') -%}
    {%- for name, value in features.items() if execute and two_tower.feature_name(name) == two_tower.feature_name(column) -%}
        {%- do segments.append(value) -%}
    {%- endfor -%}
    {#- Query: the list that a new user with these features would get, by column of stg_users: rank, item_id, score, embedding. -#}
    with

    {{ two_tower.what_if_inputs('user', features, {'interactions': 0.0, 'items': 0.0, 'recent_items': 0.0}) }}

    what_if_users as (
        select
            inputs.user_id,
            'given' as segment,
            cast(embed(runs.user_model, inputs, 'user') as float[{{ two_tower.setting('two_tower_dim') }}]) as embedding
        from (select *, cast({{ two_tower.setting('two_tower_policy') == 'new' }} as float) as only_new from inputs) as inputs
        inner join {{ ref('two_tower', 'model_registry') }} as runs on runs.horizon = 'production'
    ),

    what_if_items as (
        select
            item_id,
            embedding
        from {{ ref('two_tower', 'item_embeddings') }}
        where horizon = 'production'
    ),

    what_if_withheld as (
        select
            'given' as segment,
            item_id,
            '-infinity' as amount
        from {{ ref('two_tower', 'unavailable_items') }}
        where segment = coalesce(
            (
                select min(segment) from {{ ref('two_tower', 'user_segments') }}
                where segment = cast({{ two_tower.literal(segments | last) }} as varchar)
            ),
            'all'
        )
    ),

    what_if_lists as (
        {{ two_tower.top_k_lists('what_if_users', 'what_if_items', k, adjustments='what_if_withheld') }}
    )

    select
        lists.rank,
        lists.item_id,
        lists.score,
        users.embedding
    from what_if_lists as lists
    cross join what_if_users as users
    order by lists.rank asc
{%- endmacro %}
