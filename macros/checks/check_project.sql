{% macro check_project() %}
    {#- Checks of installation, settings, vars and project, once in a run: before its first model of ours, or where that one reads an input.
        A hook of the run would print two lines of dbt's, for `dbt seed` and `dbt source freshness` as well. -#}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] and graph.get('two_tower_checked') != invocation_id -%}
        {%- do two_tower.check_installation() -%}
        {%- do two_tower.check_settings() -%}
        {%- do two_tower.check_vars() -%}
        {%- do two_tower.check_flags() -%}
        {%- do two_tower.check_views() -%}
        {%- do two_tower.check_names() -%}
        {%- do two_tower.check_trained() -%}
        {%- do two_tower.check_published_file() -%}
        {%- do two_tower.check_shards() -%}
        {%- do graph.update({'two_tower_checked': invocation_id}) -%}  {#- the one mapping that all models of a run share -#}
    {%- endif -%}
{% endmacro %}
