{{ config(materialized='view') }}

{#- Every recommender that is evaluated: a new baseline of ours is one line here. -#}
{%- set recommenders = [
    'evaluation_recommendations',
    'popularity',
    'recent_popularity',
    'own_most_bought',
    'item_knn',
    'ease',
    'als',
] -%}
{%- set relations = [] -%}
{%- for recommender in recommenders -%}
    {%- do relations.append(ref('two_tower', recommender)) -%}
{%- endfor -%}
{%- for recommender in var('two_tower_own_baselines') -%}
    {%- do relations.append(two_tower.named_model(recommender)) -%}
{%- endfor -%}

with

final as (
    {%- for relation in relations %}
        select
            model,
            policy,
            user_id,
            cast(rank as integer) as rank,
            item_id,
            cast(score as double) as score,
            cast(run_id as varchar) as run_id,
            cast(source as varchar) as source
        from {{ relation }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from final
