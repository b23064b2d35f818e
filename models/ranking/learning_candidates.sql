{#- Candidates of the stages from which rankers learn, and by which they are evaluated. -#}
{%- set stages = ['validation'] + (['evaluation'] if 'evaluation' in var('two_tower_stages') else []) -%}
with

{% for stage in stages -%}
    of_{{ stage }} as (
        {{ two_tower.candidates(stage) }}
    ),

{% endfor -%}
final as (
    {%- for stage in stages %}
        select * from of_{{ stage }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select * from final
