{% macro unit_vector(embedding, length) %}
    {#- A tower's embedding divided by its length, a column: a lambda would work the length out again for every number. -#}
    cast(
                list_transform(cast({{ embedding }} as float[]), lambda x: x / {{ length }})
                as float[{{ var('two_tower_dim') }}]
            )
{%- endmacro %}
