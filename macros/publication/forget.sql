{% macro forget(user_id) %}
    {#- Operation: deletes a person from what a refresh does not build anew, and says what remains until when. In the source the person has to
        be deleted first, or the next run brings the rows back. -#}
    {%- if execute -%}
        {%- set id = two_tower.literal(user_id | string) -%}
        {%- do two_tower.refuse_while_in_source(user_id) -%}
        {%- set deleted = [] -%}
        {%- for row in run_query(
            "select schema_name, table_name, column_name from duckdb_columns() semi join duckdb_tables() using (database_name, schema_name, table_name) "
            ~ "where database_name = current_database() and column_name in ('user_id', 'similar_user_id', 'unit_id', 'id') "
            ~ "order by schema_name asc, table_name asc, column_name asc"
        ).rows if row[0] ~ '.' ~ row[1] in two_tower.own_tables() -%}
            {%- set place = two_tower.quoted(row[0]) ~ '.' ~ two_tower.quoted(row[1]) -%}
            {%- set rows = run_query('select count(*) from ' ~ place ~ ' where ' ~ row[2] ~ ' = ' ~ id).rows[0][0] -%}
            {%- if rows -%}
                {%- call statement(auto_begin=true) -%}
                    delete from {{ place }} where {{ row[2] }} = {{ id }}
                {%- endcall -%}
                {%- do deleted.append(row[1] ~ ' (' ~ rows ~ ')') -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if deleted -%}
            {%- do run_query('commit') -%}  {#- of an operation dbt commits nothing -#}
        {%- endif -%}
        {%- set gone = two_tower.operation('forget', [
            two_tower.published_file(), two_tower.beside_warehouse(var('two_tower_exports')), var('two_tower_model_dir'),
        ]) -%}
        {%- do print('rows deleted: ' ~ (deleted | join(', ') or 'none')) -%}
        {%- for what, names in gone.items() -%}
            {%- do print(what ~ ' deleted: ' ~ (names | join(', ') or 'none')) -%}
        {%- endfor -%}
        {%- do print('Until the next publication, readers see the person in the published set and in the newest export. Until the file is written anew, '
            ~ 'free blocks of the warehouse may hold old rows. See how-to "Delete a person".') -%}
    {%- endif -%}
{% endmacro %}


{% macro own_tables() %}
    {#- Schemas and names of the tables of this package in this target. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.package_name == 'two_tower' -%}
        {%- do names.append(node.schema ~ '.' ~ node.alias) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{% macro refuse_while_in_source(user_id) %}
    {#- Stops where an input still holds the person. -#}
    {%- for input, known in two_tower.known_inputs().items() if known.user_id and two_tower.is_given(input) -%}
        {%- set column = two_tower.input_columns(input).user_id -%}
        {%- set rows = run_query(
            'select count(*) from ' ~ two_tower.input_relation(input) ~ ' where cast(' ~ column ~ ' as varchar) = ' ~ two_tower.literal(user_id | string)
        ).rows[0][0] -%}
        {%- if rows -%}
            {%- do two_tower.input_error(
                'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ '), column ' ~ two_tower.input_column_name(input, 'user_id'),
                rows ~ " rows are still of '" ~ user_id ~ "'.", 'delete them in your source first; else the next run brings them back.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
