{% macro measures_of_quality() %}
    {#- Select of recall by model and policy, and of the headroom of each gate. -#}
    {%- for name in ['recall_by_model', 'gates'] -%}
        {%- do ref('two_tower', name) -%}
    {%- endfor -%}
    {%- if not execute or two_tower.is_built('recall_by_model') and two_tower.is_built('gates') %}
    select
        'recall',
        concat(model, ', ', policy),
        recall
    from {{ ref('two_tower', 'recall_by_model') }}
    where slice = 'all' and k = {{ var('two_tower_gate_k') }}
    union all
    select
        'gate_headroom',
        concat_ws(', ', gate, model, policy, what),
        headroom
    from {{ ref('two_tower', 'gates') }}
    {%- else %}
    select
        'recall',
        '',
        0.0
    where false
    {%- endif -%}
{%- endmacro %}
