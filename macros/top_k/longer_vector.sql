{% macro longer_vector(embedding, value) %}
    {#- A tower's embedding with one more dimension. -#}
    cast(
            list_concat(cast({{ embedding }} as float[]), [cast({{ value }} as float)])
            as float[{{ var('two_tower_dim') | int + 1 }}]
        )
{%- endmacro %}
