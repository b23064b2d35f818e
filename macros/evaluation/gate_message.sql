{% macro gate_message(gate, model, policy, what, value, threshold, remedy) %}
    {#- What a failed gate tells people: what was measured on whom, what was asked for, and what to do. -#}
    concat(
        'Gate ', {{ gate }}, ' failed: ',
        case
            when {{ policy }} is null then concat('list ', {{ model }}, ': ')
            else concat('model ', {{ model }}, ', policy ', {{ policy }}, ', slice all: ')
        end,
        case
            when {{ value }} is null then concat(
                'there is no ', {{ what }}, ' to hold against the threshold ', {{ threshold }}, '. Check that',
                ' evaluation_lists has rows of both models, that cutoff_targets has relevant items of this policy',
                ' at cutoff 1, and that two_tower_gate_k is one of two_tower_ks.'
            )
            else concat(
                'lower bound of ', {{ what }}, ' is ', printf('%.4f', {{ value }}), ', threshold ', {{ threshold }},
                '. Look at ',
                case when {{ policy }} is null then 'list_quality' else 'recall_by_model and model_comparisons' end,
                ', then train or tune again, or move the threshold on purpose (var ', {{ remedy }}, ').'
            )
        end
    )
{%- endmacro %}
