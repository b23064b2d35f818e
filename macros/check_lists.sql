{% macro check_lists() %}
    {#- Post-hook of recommendations, inside its transaction: lists for some users only are not published over good ones. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set found = run_query(
            'select count(*), count(*) filter (where user_id not in (select user_id from ' ~ this ~ ')) from ('
            ~ 'select user_id from ' ~ ref('two_tower', 'stg_users') ~ ' union select user_id from '
            ~ ref('two_tower', 'stg_interactions') ~ ')'
        ).rows[0] -%}
        {%- if found[1] or not found[0] -%}
            {%- do two_tower.input_error(
                this.name, found[1] ~ ' of ' ~ found[0] ~ ' users would get no list; the table stays as it was.',
                'build what it is made of, too: dbt run --exclude tag:train.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
