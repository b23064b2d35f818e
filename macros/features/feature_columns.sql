{% macro feature_columns(model_name, keys) %}
    {#- The feature columns of a model of this package with the way each one is encoded: [{name, encoding}]. The data type
        decides: of the contract where there is one (meta two_tower_encoding overrides it), else of the table as it was built,
        in which a text and a category look the same: there the meta of the input says which one it is. Labels are for people, and the value for the
        order of lists. -#}
    {%- set columns = [] -%}
    {#- outside the condition, or an inline query would not know that it depends on the model -#}
    {%- set relation = ref('two_tower', model_name) -%}
    {%- if execute -%}
        {%- set node = graph.nodes['model.two_tower.' ~ model_name] -%}
        {%- set types = {} -%}
        {%- set overrides = {} -%}
        {%- if node.contract.enforced -%}
            {%- for column in node.columns.values() -%}
                {%- do types.update({column.name: column.data_type}) -%}
                {%- do overrides.update({column.name: column.config.meta.two_tower_encoding}) -%}
            {%- endfor -%}
        {%- else -%}
            {%- for name, column in two_tower.relation_columns(relation, model_name).items() -%}
                {%- do types.update({name: column.type}) -%}
            {%- endfor -%}
            {%- for column, encoding in two_tower.input_encodings(model_name).items() if encoding == 'text' -%}
                {%- do overrides.update({two_tower.feature_name(column): encoding}) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- for name, type in types.items() if name not in keys + ['item_label', 'item_value', 'user_label'] and overrides.get(name) != 'ignore' -%}
            {%- do columns.append({'name': name, 'encoding': overrides.get(name) or two_tower.encoding_of_type(type)}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}
