{% macro ideal_dcg(hits) %}
    {#- The largest DCG that so many hits can have: all of them at the first ranks. -#}
    list_sum(list_transform(range(1, {{ hits }} + 1), lambda position: {{ two_tower.rank_discount('position') }}))
{%- endmacro %}
