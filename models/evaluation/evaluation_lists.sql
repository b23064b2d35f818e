{{ config(materialized='view') }}

{#- Every recommender that is evaluated: a new baseline is named in var two_tower_baselines. -#}
{%- set baselines = var('two_tower_baselines') | list -%}
{%- set recommenders = ['evaluation_recommendations'] + baselines
    + (['als_usual'] if baselines and var('two_tower_als_usual') else []) -%}

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
