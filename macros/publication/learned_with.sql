{% macro learned_with(stage, tables) %}
    {#- SQL of a hash of what a ranker of a stage learns with: run of the towers, vocabulary and item weights. `stage` is SQL, `tables` their
        relations by name. -#}
    md5(concat_ws(
        ' ',
        (select run_id from {{ tables.model_registry }} where stage = {{ stage }}),
        (
            select bit_xor(md5_number(concat_ws('|', feature, value, code)))
            from {{ tables.feature_vocabulary }} where stage = {{ stage }}
        ),
        (
            select bit_xor(md5_number(concat_ws('|', item_id, given_item_id, weight)))
            from {{ tables.item_weights }} where stage = {{ stage }}
        )
    ))
{%- endmacro %}
