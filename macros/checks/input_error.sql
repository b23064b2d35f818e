{% macro input_error(where, problem, remedy) %}
    {#- Stops with one short error: where, what, and what to do about it. Other models of the run that meet the same one name the first. -#}
    {%- set what = where ~ ': ' ~ problem -%}
    {%- if execute and model is defined -%}
        {%- set first = graph.setdefault('two_tower_errors', {}).setdefault(invocation_id ~ what, model.name) -%}
        {%- if first != model.name -%}
            {{ exceptions.raise_compiler_error(what ~ '\nSee the error of ' ~ first ~ '.') }}
        {%- endif -%}
    {%- endif -%}
    {{ exceptions.raise_compiler_error(what ~ '\nRemedy: ' ~ remedy) }}
{% endmacro %}
