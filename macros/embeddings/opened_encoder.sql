{% macro opened_encoder(folder) %}
    {#- What the encoder in a folder says of itself: {folder, reads, version, dimension}. -#}
    {%- set row = run_query('select unnest(encoder(' ~ two_tower.literal(folder) ~ '))').rows[0] -%}
    {{ return({'folder': folder, 'reads': row['reads'], 'version': row['version'], 'dimension': row['dimension'] | int}) }}
{% endmacro %}
