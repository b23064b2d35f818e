{% macro interests() %}
    {#- The relation of what towers and neighbours read as the history of a user: what was had and what was merely turned to, or what was
        had where all types of events count alike. -#}
    {{ return(ref('two_tower', 'user_interests') if two_tower.tells_types_apart() else ref('two_tower', 'user_histories')) }}
{%- endmacro %}
