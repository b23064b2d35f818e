{% macro create_recall_at() %}
    {#- recall_at(at_k, in_slice): recall of every recommender with its 95 % interval, best first. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.recall_at(at_k := 10, in_slice := 'all') as table
    select
        results.policy,
        results.model,
        results.n_users,
        results.recall,
        results.recall_low,
        results.recall_high
    from {{ two_tower.stored_reference('recall_by_model') }} as results
    where results.k = at_k and results.slice = in_slice
    order by results.policy desc, results.recall desc, results.model asc
    {%- endif %}
{%- endmacro %}
