{% macro rank_discount(rank) %}
    {#- What a hit is worth in DCG (Järvelin, Kekäläinen 2002), gains being 0 or 1; rank 1 = first. -#}
    1 / log2({{ rank }} + 1)
{%- endmacro %}
