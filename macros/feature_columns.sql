{% macro feature_columns(model_name, keys) %}
    {#- The feature columns of a contracted model with the way each one is encoded: [{name, encoding}], in the contract's order.
        The data type decides (text and booleans: category; lists of text: categories; fixed float arrays: vector; numbers and
        dates: number) and `meta: {two_tower_encoding: ...}` on the column overrides it; `ignore` leaves the column out. -#}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- set models = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
            | selectattr('name', 'equalto', model_name) | list -%}
        {%- for column in models[0].columns.values() if column.name not in keys -%}
            {%- set meta = column.config.meta if column.config is defined and column.config.meta else column.meta -%}
            {%- set encoding = meta.get('two_tower_encoding', two_tower.encoding_of_type(column.data_type)) -%}
            {%- if encoding not in ['category', 'categories', 'number', 'vector', 'ignore'] -%}
                {{ exceptions.raise_compiler_error(
                    model_name ~ '.' ~ column.name ~ ": two_tower_encoding is '" ~ encoding
                    ~ "'; use category, categories, number, vector or ignore"
                ) }}
            {%- endif -%}
            {%- if encoding != 'ignore' -%}
                {%- do columns.append({'name': column.name, 'encoding': encoding}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}
