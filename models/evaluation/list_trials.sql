{{ config(materialized='view') }}
with

final as (
    {%- for trials in two_tower.list_trials() %}
        select * from {{ ref('two_tower', trials) }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from final
