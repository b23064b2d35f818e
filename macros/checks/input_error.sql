{% macro input_error(where, problem, remedy) %}
    {#- Stops with one short error: where, what, and what to do about it. Other models of the run that meet the same one name the first.
        Operation `check` goes on, and tells all of them. -#}
    {%- set what = where ~ ': ' ~ problem -%}
    {%- if two_tower.is_collecting() -%}
        {%- set told = what ~ '\nRemedy: ' ~ remedy -%}
        {%- do graph['two_tower_problems'].append(told) if told not in graph['two_tower_problems'] -%}
        {{ return('') }}
    {%- endif -%}
    {%- if execute and model is defined -%}
        {%- set first = graph.setdefault('two_tower_errors', {}).setdefault(invocation_id ~ what, model.name) -%}
        {%- if first != model.name -%}
            {{ exceptions.raise_compiler_error(what ~ '\nSee the error of ' ~ first ~ '.') }}
        {%- endif -%}
    {%- endif -%}
    {{ exceptions.raise_compiler_error(what ~ '\nRemedy: ' ~ remedy) }}
{% endmacro %}
