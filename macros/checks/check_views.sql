{% macro check_views() %}
    {#- Of check_project: a view must not call a function of the plugin, or a macro of ours that does, since it fails for whoever opens the
        database without it. -#}
    {%- if execute -%}
        {%- set functions = '(embed(_text|_image)?|picture_(problem|version)|encoder|text_buckets|top_k(_approximate)?|cap_and_pin'
            ~ '|(attribute_history|history_reasons)|normal_quantile|chi_square_p|bootstrap_(interval|ratio|difference)'
            ~ '|two_tower_(version|missing_packages|published_set|rollback|runs|judged|good_set|forget|prune|shard_folder|drop_shards)|two_tower\\.(top_k_lists|embedded|what_if_item|needed_users))' -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'view' -%}
            {%- set code = modules.re.sub('(?s)[{]#.*?#[}]|/[*].*?[*]/|--[^\n]*', '', node.raw_code) -%}
            {%- set called = modules.re.search('(?i)(?<![\\w.])' ~ functions ~ '\\s*\\(', code) -%}
            {%- if called -%}
                {%- do two_tower.input_error(
                    'model ' ~ node.name, 'is a view that calls ' ~ called.group(1) ~ '().',
                    ("materialize it: {{ config(materialized='table') }}" if node.package_name != 'two_tower' else
                        'say in your dbt_project.yml, under models: `two_tower: {+materialized: table}`')
                        ~ '; a view fails where the plugin is not loaded.'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
