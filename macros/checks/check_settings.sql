{% macro check_settings() %}
    {#- Of check_project: stops under a setting of DuckDB that gives our SQL another meaning, and warns of one that may. Orderings are
        written out in full, so those of the session do no harm. -#}
    {%- if execute -%}
        {%- set where = 'profiles.yml, settings of target ' ~ target.name -%}
        {%- set found = run_query("select current_setting('integer_division'), current_setting('default_collation')").rows[0] -%}
        {%- if found[0] | string | lower == 'true' -%}
            {%- do two_tower.input_error(
                where, 'integer_division is true: shares, means and scores would be whole numbers.',
                'take it out, and write // in your models where you mean a division without a rest.'
            ) -%}
        {%- endif -%}
        {%- if found[1] -%}
            {%- do exceptions.warn(
                where ~ ": default_collation is '" ~ found[1] ~ "'. Ids and names that differ only in what it leaves out are taken for one."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
