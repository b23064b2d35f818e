{#- Candidates of the horizons from which rankers learn, and by which they are evaluated. -#}
{%- set horizons = ['validation'] + (['evaluation'] if 'evaluation' in var('two_tower_horizons') else []) -%}
with

{% for horizon in horizons -%}
    of_{{ horizon }} as (
        {{ two_tower.candidates(horizon) }}
    ),

{% endfor -%}
final as (
    {%- for horizon in horizons %}
        select * from of_{{ horizon }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from final
