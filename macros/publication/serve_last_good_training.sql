{% macro serve_last_good_training() %}
    {#- Pre-hook of stages. A refresh after a training that failed its gates, or with a pinned run, goes on with the training of the newest
        good set: every table that only training makes becomes what it is in that set, inside the transaction of stages. -#}
    {%- if execute and two_tower.leaves_training() and two_tower.published_file() -%}
        {%- set registry = graph.nodes['model.two_tower.model_registry'] -%}
        {%- set rankers = graph.nodes['model.two_tower.ranker_registry'] -%}
        {%- if adapter.get_relation(registry.database, registry.schema, registry.alias)
            and adapter.get_relation(rankers.database, rankers.schema, rankers.alias) -%}
            {%- set runs = run_query(
                "select run_id from " ~ registry.relation_name ~ " where stage = 'production' union select run_id from "
                ~ rankers.relation_name ~ " where stage = 'production'"
            ).columns[0].values() -%}
            {%- set good = two_tower.operation('good_set', [
                two_tower.published_file(), var('two_tower_model_dir'), runs | join(','), var('two_tower_pinned_run'),
            ]) -%}
            {%- if good and good.version == two_tower.package_version() -%}
                {%- do two_tower.attach_set(good.path) -%}
                {%- do two_tower.copy_training() -%}
            {%- endif -%}
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
