{% macro input_relation(input) %}
    {#- The relation that var two_tower_<input> names: a model, seed or snapshot (`fct_orders`), or `source.table`. -#}
    {%- set name = 'two_tower_' ~ input -%}
    {%- set value = var(name) -%}
    {%- set where = 'var ' ~ name -%}
    {%- if value == 'demo_' ~ input and project_name not in ('two_tower', 'two_tower_shops') -%}
        {%- do two_tower.input_error(
            where, 'not given.', "name your table of " ~ input ~ " under vars in dbt_project.yml: 'model' or 'source.table'."
        ) -%}
    {%- elif value is not string or not modules.re.fullmatch('[^.()\'\"{}]+([.][^.()\'\"{}]+)?', value) -%}
        {%- do two_tower.input_error(
            where, "value '" ~ value ~ "' is not allowed.", "give the bare name of a model, or 'source.table'."
        ) -%}
    {%- endif -%}
    {%- set parts = value.split('.') -%}
    {{ return(source(parts[0], parts[1]) if parts | length == 2 else two_tower.named_model(parts[0])) }}
{% endmacro %}
