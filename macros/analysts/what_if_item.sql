{% macro what_if_item(features, k=10) %}
    {#- Query: the users whom a new item with these features would suit best, by column of stg_items: rank, user_id, user_label, score of
        the towers, embedding. -#}
    {%- set starts = {'interactions': 0.0, 'users': 0.0, 'recent_users': 0.0, 'new_users': 0.0, 'new_users_two_windows': 0.0,
        'new_user_log_share': 'ln(0.5 / 3)', 'item_index': 0} -%}
    {%- if two_tower.setting('two_tower_reviews') -%}
        {%- do starts.update({'review_count': 0.0, 'review_text': two_tower.no_text()}) -%}
    {%- endif %}
    with

    {{ two_tower.what_if_inputs('item', features, starts) }}

    what_if_items as (
        select cast({{ two_tower.embedded('runs', 'item_model', 'inputs') }} as float[{{ two_tower.setting('two_tower_dim') }}]) as embedding
        from inputs
        inner join {{ ref('two_tower', 'model_registry') }} as runs on runs.stage = 'production'
    ),

    what_if_ranked as (
        select
            users.user_id,
            array_inner_product(users.embedding, what_if_items.embedding) as score,
            row_number() over (order by score desc, {{ two_tower.stable_hash(['users.user_id']) }} asc) as rank
        from {{ ref('two_tower', 'user_embeddings') }} as users
        cross join what_if_items
        where users.stage = 'production' and users.source = 'history'
    )

    select
        ranked.rank,
        ranked.user_id,
        {{ two_tower.label_of('ranked.user_id') }},
        ranked.score,
        what_if_items.embedding
    from what_if_ranked as ranked
    cross join what_if_items
    where ranked.rank <= {{ k }}
    order by ranked.rank asc
{%- endmacro %}
