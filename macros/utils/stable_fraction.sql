{% macro stable_fraction(columns, salt='') %}
    {#- A number in [0, 1) from the hash of the columns: the reproducible replacement of random(). -#}
    (cast(('0x' || left({{ two_tower.stable_hash(columns, salt) }}, 8)) as bigint) / 4294967296.0)
{%- endmacro %}
