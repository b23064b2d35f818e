{% macro rollback(to_set='') %}
    {#- Operation: readers get the set before the present one again, or the one that is named, by one rename. -#}
    {%- if execute -%}
        {%- set done = two_tower.operation('rollback', [
            two_tower.published_file(), to_set, two_tower.beside_warehouse(var('two_tower_exports')), var('two_tower_published_sets'),
        ]) -%}
        {%- do print(
            'Published is set ' ~ done.now.set_id ~ ' of ' ~ done.now.published_at ~ ' again (run ' ~ done.now.ranker_run_id
            ~ '), in place of set ' ~ done.before.set_id ~ '. The next run publishes anew: to keep this one, set var two_tower_pinned_run to '
            ~ done.now.towers_run_id ~ ', or leave publication out.'
        ) -%}
    {%- endif -%}
{% endmacro %}
