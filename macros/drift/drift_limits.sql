{% macro drift_limits() %}
    {#- Select of the limits of the drift checks: those of var two_tower_drift_limits, and the defaults of those that it leaves out. -#}
    {%- set limits = {
        'rows': 0.3, 'newest_event_days': 1, 'events_per_day': 0.8, 'known_keys': 0.2, 'null_share': 0.3, 'changed_values': 0.3,
        'list_change': 0.98, 'mean_chance': 2,
    } -%}
    {%- do limits.update(var('two_tower_drift_limits')) -%}
    {%- for name, most in limits.items() %}
    select
        {{ two_tower.literal(name) }} as check_name,
        {{ most }} as most
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
