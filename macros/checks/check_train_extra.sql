{% macro check_train_extra() %}
    {#- Pre-hook of the models that fit something in Python: stops when packages of the train extra are not installed. -#}
    {%- if execute and model.language == 'python' -%}
        {%- set missing = run_query("select array_to_string(two_tower_missing_packages(), ', ')").rows[0][0] -%}
        {%- if missing -%}
            {%- do two_tower.input_error(
                model.name, 'cannot be fitted without the packages ' ~ missing ~ '.',
                "pip install the folder (or the git revision) that packages.yml names: pip install './two_tower[train]', or leave training out: dbt run --exclude tag:train."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
