{% macro given_vars() %}
    {#- Names of the vars given on the command line and in the root project's dbt_project.yml (also under `two_tower:`). -#}
    {%- set cli = invocation_args_dict.get('vars') or {} -%}
    {%- set names = (fromyaml(cli) if cli is string else cli).keys() | list -%}
    {%- set file = (invocation_args_dict.get('project_dir') or '.') ~ '/dbt_project.yml' -%}
    {%- for row in run_query("select content from read_text('" ~ file ~ "')").rows -%}
        {%- set project = fromyaml(row[0]).get('vars') or {} -%}
        {%- do names.extend(project.keys()) -%}
        {%- do names.extend((project.get('two_tower') or {}).keys()) -%}
    {%- endfor -%}
    {{ return(names | unique | list) }}
{% endmacro %}
