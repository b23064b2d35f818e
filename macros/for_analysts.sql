{% macro for_analysts(model_name) %}
    {#- Name of a model as a table macro or a view may use it: without the name of the database, which is another one in a copy of the file. -#}
    {%- set relation = this if this.name == model_name else ref('two_tower', model_name) -%}
    {{- return(relation.include(database=false)) -}}
{% endmacro %}
