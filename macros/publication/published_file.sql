{% macro published_file() %}
    {#- Path of the file that readers open; empty where nothing is published: var two_tower_published_file is empty, or the warehouse is in
        memory. -#}
    {{ return(two_tower.beside_warehouse(var('two_tower_published_file'))) }}
{% endmacro %}
