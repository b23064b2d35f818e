{{ config(materialized='view') }}

{#- Every recommender that is evaluated: the published lists, our baselines, and those of the team. -#}
{%- set relations = [ref('two_tower', 'evaluation_recommendations')] -%}
{%- for baseline in var('two_tower_baselines') -%}
    {%- do relations.append(ref('two_tower', baseline)) -%}
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
