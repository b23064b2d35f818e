{% macro stored_reference(model_name) %}
    {#- Name of a model as a table macro or a view may use it. -#}
    {%- set relation = this if this.name == model_name else ref('two_tower', model_name) -%}
    {{- return(two_tower.unqualified(relation)) -}}
{% endmacro %}
