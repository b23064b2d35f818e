{% macro check_experiments() %}
    {#- Stops at an experiment of var two_tower_experiments without a control or with a weight that is no share. -#}
    {%- for experiment, weights in (var('two_tower_experiments') or {}).items() -%}
        {%- set finite = two_tower.finite_numbers(weights.values()) if weights is mapping else [] -%}
        {%- if weights is not mapping or 'control' not in weights or weights | length < 2 or finite | length < weights | length or finite | min <= 0 -%}
            {%- do two_tower.input_error(
                'var two_tower_experiments, experiment ' ~ experiment, "'" ~ weights ~ "' is not allowed.",
                'give two or more variants with weights above 0, one of them named control: {control: 0.5, new_list: 0.5}.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
