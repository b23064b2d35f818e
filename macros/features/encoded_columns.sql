{% macro encoded_columns(columns) %}
    {#- Select list that turns the columns of `entities` into network inputs: codes for categories (0 = unknown or missing),
        floats for numbers (missing stays NULL), vectors as they are, hashed words for texts. Joins come from encoding_joins. -#}
    {%- for column in columns %}
        {%- if column.encoding == 'category' %}
        coalesce({{ column.name }}_codes.code, 0) as {{ two_tower.quoted(column.name) }}
        {%- elif column.encoding == 'categories' %}
        coalesce({{ column.name }}_codes.codes, []) as {{ two_tower.quoted(column.name) }}
        {%- elif column.encoding == 'text' %}
        {{ column.name }}_codes.codes as {{ two_tower.quoted(column.name) }}
        {%- elif column.encoding == 'vector' %}
        entities.{{ two_tower.quoted(column.name) }}
        {%- else %}
        try_cast(entities.{{ two_tower.quoted(column.name) }} as float) as {{ two_tower.quoted(column.name) }}
        {%- endif %},
    {%- endfor %}
{% endmacro %}
