{% macro part_score(first, last) %}
    {#- What one part of the embeddings, from its first to its last dimension, gives to the dot product; 0 for a part that is not there. -#}
    case when embedded.embedding is not null then list_inner_product(
        list_concat([cast(0 as float)], cast(embedded.embedding as float[])[{{ first }}:{{ last }}]),
        list_concat([cast(0 as float)], cast(items.embedding as float[])[{{ first }}:{{ last }}])
    ) end
{%- endmacro %}
