{{ config(materialized='view') }}

{#- Every recommender that is evaluated: a new baseline is one line here. -#}
{%- set recommenders = [
    'evaluation_recommendations',
    'popularity',
    'recent_popularity',
    'own_most_bought',
    'item_knn',
    'ease',
    'als',
] + (['als_usual'] if var('two_tower_als_usual') else []) -%}

with

final as (
    {%- for recommender in recommenders %}
        select
            model,
            policy,
            user_id,
            cast(rank as integer) as rank,
            item_id,
            cast(score as double) as score,
            cast(run_id as varchar) as run_id,
            cast(source as varchar) as source
        from {{ ref('two_tower', recommender) }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from final
