{% macro given_vars() %}
    {#- Names of the vars given on the command line and in the root project's dbt_project.yml (also under `two_tower:`). -#}
    {%- set cli = invocation_args_dict.get('vars') or {} -%}
    {%- set names = (fromyaml(cli) if cli is string else cli).keys() | list -%}
    {%- set given = two_tower.root_project().get('vars') or {} -%}
    {%- do names.extend(given.keys()) -%}
    {%- do names.extend((given.get('two_tower') or {}).keys()) -%}
    {{ return(names | unique | list) }}
{% endmacro %}
