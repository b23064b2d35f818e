{% macro difference_with_interval(mean, variance, name) %}
    {#- Select list: a variant's mean minus the control's and its 95 % interval (Welch, normal quantile). -#}
    variants.{{ mean }} - controls.{{ mean }} as {{ name }},
        {{ name }} - normal_quantile(0.975) * sqrt(variants.{{ variance }} + controls.{{ variance }}) as {{ name }}_low,
        {{ name }} + normal_quantile(0.975) * sqrt(variants.{{ variance }} + controls.{{ variance }}) as {{ name }}_high
{%- endmacro %}
