{% macro serve_last_good_training() %}
    {#- Pre-hook of stages. A refresh after a training that failed its gates or was stopped half-way, or with a pinned run, goes on with the
        training of the newest good set: every table that only training makes becomes what it is in that set, inside the transaction of
        stages. -#}
    {%- if execute and two_tower.leaves_training() and two_tower.is_built('model_registry') and two_tower.is_built('ranker_registry') -%}
        {%- set unfinished = two_tower.unfinished_training() -%}
        {%- set good = two_tower.operation('good_set', [
            two_tower.published_file(), var('two_tower_model_dir'), two_tower.production_runs() | join(','), var('two_tower_pinned_run'),
            'unfinished' if unfinished else '',
        ]) if two_tower.published_file() else {} -%}
        {%- if good and good.version == two_tower.package_version() -%}
            {%- do two_tower.attach_set(good.path) -%}
            {%- do two_tower.copy_training() -%}
            {%- if unfinished -%}
                {%- do exceptions.warn(
                    'publication: ' ~ unfinished ~ ' Towers ' ~ good.towers_run_id ~ ' and ranker ' ~ good.ranker_run_id
                    ~ ' of set ' ~ good.set_id ~ ' go on; dbt build ends the training.'
                ) -%}
            {%- endif -%}
        {%- elif unfinished -%}
            {%- do two_tower.input_error(
                'schema ' ~ graph.nodes['model.two_tower.ranker_registry'].schema, unfinished ~ ' No published set of this version has a whole one to go on with.',
                'end the training: dbt build. It goes on with the towers that are trained.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro leaves_training() %}
    {#- Whether this run is a whole refresh: it makes embeddings, and nothing that training or evaluation makes. -#}
    {%- set trained = [] -%}
    {%- for id in selected_resources if id.startswith('model.two_tower.') and 'train' in graph.nodes[id].config.tags -%}
        {%- do trained.append(id) -%}
    {%- endfor -%}
    {{ return(two_tower.serves_only() and not trained) }}
{% endmacro %}


{% macro copy_training() %}
    {#- Tables that only training makes become what they are in the attached set, where views are tables. A set has the rows of stage
        production alone of what tells users or items apart by stage; the other rows stay. -#}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.package_name == 'two_tower' and 'train' in node.config.tags -%}
        {%- set columns = "from duckdb_columns() where schema_name = " ~ two_tower.literal(node.schema) ~ " and table_name = "
            ~ two_tower.literal(node.alias) ~ ' and database_name = ' -%}
        {%- set found = run_query(
            "select (select count(*) " ~ columns ~ "'two_tower_served'), (select count(*) filter (where column_name = 'stage') > 0 and "
            ~ "count(*) filter (where column_name in ('user_id', 'item_id')) > 0 " ~ columns ~ "'two_tower_served')"
        ).rows[0] -%}
        {%- set made = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- set good = ' from two_tower_served.' ~ two_tower.quoted(node.schema) ~ '.' ~ two_tower.quoted(node.alias) -%}
        {%- if found[0] and made and made.is_view -%}
            {%- do run_query('drop view ' ~ made) -%}
            {%- do run_query('create table ' ~ made ~ ' as' ~ good) -%}
        {%- elif found[0] and made -%}
            {%- do run_query('delete from ' ~ made ~ (" where stage = 'production'" if found[1] else '')) -%}
            {%- do run_query('insert into ' ~ made ~ ' by name' ~ good) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
