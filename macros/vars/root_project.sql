{% macro root_project() %}
    {#- The root project's dbt_project.yml as it is written, a mapping; Jinja knows neither its vars' names nor its flags. -#}
    {%- set file = (invocation_args_dict.get('project_dir') or '.') ~ '/dbt_project.yml' -%}
    {%- set found = run_query("select content from read_text(" ~ two_tower.literal(file) ~ ")").rows -%}
    {{ return(fromyaml(found[0][0])) }}
{% endmacro %}
