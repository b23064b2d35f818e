{% macro unqualified(relation) %}
    {#- Name of a relation as macros and views may keep it: without the name of the database, which is another one in a copy of the
        file; but with it where the schema is called like the database, or nobody could tell which is meant. -#}
    {{- return(relation if relation.schema == relation.database else relation.include(database=false)) -}}
{% endmacro %}
