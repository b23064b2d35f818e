{% macro input_error(where, problem, remedy) %}
    {#- Stops the run with one short error: where, what, and what to do about it. -#}
    {{ exceptions.raise_compiler_error(where ~ ': ' ~ problem ~ '\nRemedy: ' ~ remedy) }}
{% endmacro %}
