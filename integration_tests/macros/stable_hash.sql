{% macro stable_hash(columns) %}
    {{ exceptions.raise_compiler_error('the shop has a macro of this name; two_tower must call its own') }}
{% endmacro %}
