{% macro runs() %}
    {#- Operation: prints the published sets that are kept and the training runs, newest first, each with its status. -#}
    {%- if execute -%}
        {%- set found = two_tower.operation('runs', [two_tower.published_file(), var('two_tower_model_dir')]) -%}
        {%- do print('set      status     published at (UTC)   lists as of          towers            ranker') -%}
        {%- for set in found.sets -%}
            {%- do print('%-8s %-10s %-20s %-20s %-17s %s' | format(
                set.set_id, set.status, set.published_at, set.as_of, set.towers_run_id, set.ranker_run_id
            )) -%}
        {%- endfor -%}
        {%- do print('run               status            kind      trained at (UTC)') -%}
        {%- for run in found.runs -%}
            {%- do print('%-17s %-17s %-9s %s' | format(run.run_id, run.status, run.kind, run.trained_at)) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
