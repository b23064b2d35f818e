{% macro check_keys_match(input, key, interactions=none, described=none) %}
    {#- Post-hook of the features of users and items: stops where no key of the interactions is among those of the input, and warns
        where more than a fifth of the interactions have none there. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set interactions = interactions or ref('two_tower', 'interaction_splits') -%}
        {%- set described = described or ref('two_tower', 'stg_' ~ input) -%}
        {%- set found = run_query(
            'select min(' ~ key ~ '), (select min(' ~ key ~ ') from ' ~ described ~ '), count(*) filter (where ' ~ key ~ ' in (select '
            ~ key ~ ' from ' ~ described ~ ')), count(*), min(' ~ key ~ ') filter (where ' ~ key ~ ' not in (select '
            ~ key ~ ' from ' ~ described ~ ')) from ' ~ interactions
        ).rows[0] -%}
        {%- set where = 'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')' -%}
        {%- if not found[2] -%}
            {%- do two_tower.input_error(
                where,
                'none of its keys is in the interactions: ' ~ key ~ " is '" ~ found[0] ~ "' there and '" ~ found[1] ~ "' here.",
                'correct which columns are ' ~ key ~ ' (var two_tower_columns), or bring both to one form in your models.'
            ) -%}
        {%- elif found[2] < 0.8 * found[3] -%}
            {%- do exceptions.warn(
                where ~ ', column ' ~ key ~ ': ' ~ (100 * (found[3] - found[2]) / found[3]) | round | int ~ ' % of the interactions have no row '
                ~ "there, such as '" ~ found[4] ~ "'. They are known by their interactions alone. If the rows are there, bring both to "
                ~ 'one form in your models (leading zeros, upper and lower case, spaces).'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
