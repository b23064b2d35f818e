{% macro what_if_item(features, k=10) %}
    {#- Query: the users whom a new item with these features would suit best, by column of stg_items: rank, user_id, margin over the
        last place of the user's list, embedding. -#}
    {%- set starts = {'interactions': 0.0, 'users': 0.0, 'recent_users': 0.0, 'new_users': 0.0, 'new_users_two_windows': 0.0,
        'new_user_log_share': 'ln(0.5 / 3)', 'item_code': 0} -%}
    {%- if two_tower.setting('two_tower_reviews') -%}
        {%- do starts.update({'review_count': 0.0, 'review_text': two_tower.no_text()}) -%}
    {%- endif %}
    with

    {{ two_tower.what_if_inputs('item', features, starts) }}

    what_if_items as (
        select cast(embed(runs.item_model, inputs, 'item') as float[{{ two_tower.setting('two_tower_dim') }}]) as embedding
        from inputs
        inner join {{ ref('two_tower', 'model_registry') }} as runs on runs.horizon = 'production'
    ),

    what_if_margins as (
        select
            users.user_id,
            array_inner_product(users.embedding, what_if_items.embedding) - min(rankings.score) as margin
        from {{ ref('two_tower', 'user_embeddings') }} as users
        cross join what_if_items
        inner join {{ ref('two_tower', 'model_rankings') }} as rankings on users.user_id = rankings.user_id
        where
            users.horizon = 'production'
            and users.policy = {{ two_tower.literal(two_tower.setting('two_tower_policy')) }}
            and rankings.model_rank <= {{ two_tower.setting('two_tower_k') }}
            and rankings.source != 'popularity'
        group by users.user_id, users.embedding, what_if_items.embedding
    ),

    what_if_ranked as (
        select
            row_number() over (order by margin desc, {{ two_tower.stable_hash(['user_id']) }} asc) as rank,
            *
        from what_if_margins
    )

    select
        ranked.rank,
        ranked.user_id,
        ranked.margin,
        what_if_items.embedding
    from what_if_ranked as ranked
    cross join what_if_items
    where ranked.rank <= {{ k }}
    order by ranked.rank asc
{%- endmacro %}
