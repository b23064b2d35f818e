{% macro unit_vector(embedding) %}
    {#- A tower's embedding scaled to length 1; zeros stay zeros. -#}
    cast(
                list_transform(
                    cast({{ embedding }} as float[]),
                    lambda x: x / greatest(sqrt(array_inner_product({{ embedding }}, {{ embedding }})), 1e-12)
                ) as float[{{ var('two_tower_dim') }}]
            )
{%- endmacro %}
