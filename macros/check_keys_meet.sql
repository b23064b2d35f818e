{% macro check_keys_meet(input, key) %}
    {#- Post-hook of the features of users and items: stops where no key of the interactions is among those of the input. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set interactions, described = ref('two_tower', 'interaction_splits'), ref('two_tower', 'stg_' ~ input) -%}
        {%- set found = run_query(
            'select min(' ~ key ~ '), (select min(' ~ key ~ ') from ' ~ described ~ '), count(*) filter (where ' ~ key ~ ' in (select '
            ~ key ~ ' from ' ~ described ~ ')) from ' ~ interactions
        ).rows[0] -%}
        {%- if not found[2] -%}
            {%- do two_tower.input_error(
                'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')',
                'none of its keys is in the interactions: ' ~ key ~ " is '" ~ found[0] ~ "' there and '" ~ found[1] ~ "' here.",
                'correct which columns are ' ~ key ~ ' (var two_tower_columns), or bring both to one form in your models.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
