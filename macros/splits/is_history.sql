{% macro is_history(bucket, snapshot) %}
    {#- Whether an interaction is known at a snapshot: what is older than its own window. The folds of a random split have no before and
        after, but an order all the same, so that no snapshot that teaches holds the fold by which it is judged. -#}
    {{ bucket }} >= {{ snapshot }}
{%- endmacro %}
