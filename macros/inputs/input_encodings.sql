{% macro input_encodings(model_name) %}
    {#- {lower-case column: encoding} as meta two_tower_encoding says in the yml of the input of a staging model. -#}
    {%- set encodings = {} -%}
    {%- if execute -%}
        {%- for id in graph.nodes['model.two_tower.' ~ model_name].depends_on.nodes -%}
            {%- set input = graph.nodes.get(id) or graph.sources.get(id) -%}
            {%- for column in input.columns.values() -%}
                {%- set meta = column.config.meta if column.config is defined and column.config.meta else column.meta -%}
                {%- if meta.two_tower_encoding is defined -%}
                    {%- do encodings.update({column.name | lower: meta.two_tower_encoding}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(encodings) }}
{% endmacro %}
