{% macro check_event_types(rows=none) %}
    {#- Post-hook of stg_interactions: stops where vars name types of events that there are not, and warns where several types count
        alike and nobody said so. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set shares = {} -%}
        {%- for row in run_query(
            'select event_type, count(*) / sum(count(*)) over () as share from ' ~ (rows or this) ~ ' group by event_type order by share desc, event_type'
        ).rows -%}
            {%- do shares.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {%- for event_type in var('two_tower_target_events') if event_type not in shares -%}
            {%- do two_tower.refuse_event_type('two_tower_target_events', event_type, 'there is no such event', shares) -%}
        {%- endfor -%}
        {%- set weighed = shares.keys() | list + ([two_tower.low_rating()] if var('two_tower_least_rating') is number else []) -%}
        {%- for event_type in var('two_tower_event_weights') -%}
            {%- if event_type not in weighed -%}
                {%- do two_tower.refuse_event_type('two_tower_event_weights', event_type, 'there is no such event', shares) -%}
            {%- elif event_type in var('two_tower_target_events') -%}
                {%- do two_tower.refuse_event_type('two_tower_event_weights', event_type, 'a target counts 1', shares) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if shares | length > 1 and not two_tower.tells_types_apart() -%}
            {%- do exceptions.warn(two_tower.where_events_are() ~ ': events are of ' ~ shares | length ~ ' types ('
                ~ two_tower.said_shares(shares) ~ '), and all count alike. Say which of them are to be predicted, in dbt_project.yml: '
                ~ 'two_tower_target_events: [' ~ two_tower.likely_target(shares) ~ '].') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro refuse_event_type(name, event_type, problem, shares) %}
    {#- Stops with a type of events that a var names in vain, and the types that there are. -#}
    {%- do two_tower.input_error(
        'var ' ~ name ~ ", type '" ~ event_type ~ "'", problem ~ '.',
        'use types of ' ~ two_tower.where_events_are() ~ ': ' ~ two_tower.said_shares(shares) ~ '.'
    ) -%}
{% endmacro %}


{% macro where_events_are() %}
    {#- The input and the column of the types of events, as errors name them. -#}
    {{ return('var two_tower_interactions (' ~ var('two_tower_interactions') ~ '), column '
        ~ two_tower.input_column_name('interactions', 'event_type')) }}
{% endmacro %}


{% macro said_shares(shares) %}
    {#- The first ten types of events with the share of each, as text. -#}
    {%- set said = [] -%}
    {%- for event_type, share in (shares.items() | list)[:10] -%}
        {%- do said.append(event_type ~ ' ' ~ (100 * share) | round(1) ~ ' %') -%}
    {%- endfor -%}
    {{ return(said | join(', ')) }}
{% endmacro %}


{% macro likely_target(shares) %}
    {#- The type that sounds like a purchase, or else the rarest: people look more often than they buy. -#}
    {%- set sounding = [] -%}
    {%- for event_type in shares if modules.re.search('(?i)purchase|order|buy|bought|sale|transaction|checkout', event_type) -%}
        {%- do sounding.append(event_type) -%}
    {%- endfor -%}
    {{ return(sounding[0] if sounding else (shares.keys() | list)[-1]) }}
{% endmacro %}
