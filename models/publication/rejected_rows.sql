{%- set inputs = ['reviews'] -%}
{%- if var('two_tower_merchandising') -%}
    {%- do inputs.extend(['item_availability', 'user_exclusions', 'merchandising_rules']) -%}
{%- endif -%}
{%- if (var('two_tower_experiments') or {}) | length > 0 -%}
    {%- do inputs.extend(['exposures', 'outcomes']) -%}
{%- endif -%}
with

rejected as (
    {% for input in inputs -%}
        {{ two_tower.rejected_rows(input) }}
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

final as (
    select distinct * from rejected
)

select * from final
