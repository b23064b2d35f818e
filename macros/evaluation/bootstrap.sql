{% macro bootstrap(statistic, lists) %}
    {#- 95 % bootstrap interval over users: of a mean, or of the ratio or difference of two paired means. -#}
    {%- if statistic not in ('interval', 'ratio', 'difference') -%}
        {{ exceptions.raise_compiler_error(
            "bootstrap: statistic must be interval, ratio or difference, got " ~ statistic
        ) }}
    {%- endif -%}
    bootstrap_{{ statistic }}({{ lists | map('trim') | join(', ') }}, cast({{ var('two_tower_seed') }} as bigint))
{%- endmacro %}
