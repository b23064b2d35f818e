{% macro with_worth(offers, list_keys, value_weight=none, diversity=none) %}
    {#- Select of what may be listed with `worth`, by which lists are ordered: the chance by the value of the item, and each further item of
        a category in a list counts (1 - diversity) times the one before. `offers`: name of a CTE with chance, category, relative_value,
        item_id and the columns `list_keys`, which tell the lists apart. The last two arguments are SQL of other settings. -#}
    {%- set diversity = var('two_tower_diversity') if diversity is none else diversity -%}
    {%- set valued = two_tower.worth('chance', 'relative_value', value_weight) -%}
    select
        *,
        {{ valued }}
        {%- if diversity != 0 %}
        * power(1 - {{ diversity }}, row_number() over (
            partition by {{ list_keys | join(', ') }}, category
            order by {{ valued }} desc, {{ two_tower.stable_hash(['item_id']) }} asc, item_id asc
        ) - 1)
        {%- endif %} as worth
    from {{ offers }}
{%- endmacro %}
