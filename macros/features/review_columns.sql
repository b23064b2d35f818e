{% macro review_columns(reviews) %}
    {#- Select list of what reviews say of an item, each followed by a comma; nothing without reviews. -#}
    {%- if var('two_tower_reviews', '') -%}
        cast(coalesce({{ reviews }}.review_count, 0) as float) as review_count,
        cast({{ reviews }}.review_rating as float) as review_rating,
        coalesce({{ reviews }}.review_text, {{ two_tower.no_text() }}) as review_text,
    {%- endif -%}
{% endmacro %}
