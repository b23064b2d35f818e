{% macro check_source_file(relation, label) %}
    {#- Stops when `relation` is a quoted file name (dbt-duckdb's external_location) that matches no file. -#}
    {%- set name = relation | string -%}
    {%- if name.startswith("'") and not run_query('select file from glob(' ~ name ~ ') limit 1').rows -%}
        {%- do two_tower.input_error(
            label, 'no such file.',
            'land the file there (the demo: `make demo`), or set the var two_tower_data_dir to its folder.'
        ) -%}
    {%- endif -%}
{% endmacro %}
