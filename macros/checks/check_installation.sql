{% macro check_installation() %}
    {#- Of check_project, and when a staging model is compiled: stops when the Python functions are not there or of another version. -#}
    {%- if execute -%}
        {%- set package = two_tower.package_version() -%}
        {%- set install = "pip install the folder (or the git revision) that packages.yml names: pip install './two_tower'" -%}
        {%- set functions = run_query(
            "select function_name from duckdb_functions() where function_name in ('embed', 'two_tower_version')"
        ).columns[0].values() -%}
        {%- if 'embed' not in functions -%}
            {%- do two_tower.input_error(
                'profiles.yml, target ' ~ target.name, 'the plugin line of two_tower is missing.',
                'add `plugins: [{module: two_tower.python_udfs.plugin}]` to this target (and ' ~ install ~ ').'
            ) -%}
        {%- endif -%}
        {%- set installed = 'older than 0.1.0' -%}
        {%- if 'two_tower_version' in functions -%}
            {%- set installed = run_query('select two_tower_version()').rows[0][0] -%}
        {%- endif -%}
        {%- if installed != package -%}
            {%- do two_tower.input_error(
                'two_tower versions', 'the dbt package is ' ~ package ~ ', the pip distribution is ' ~ installed ~ '.',
                install ~ ', or change the version in packages.yml and run dbt deps.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
