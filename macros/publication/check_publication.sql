{% macro check_publication() %}
    {#- Pre-hook of publication: stops, and readers keep what they have, where a gate has failed or the tables are not of one state. -#}
    {%- for name in [
        'model_registry', 'ranker_registry', 'item_embeddings', 'user_embeddings', 'ranked_candidates', 'recommendations',
        'recommendations_by_category', 'drift_checks',
    ] + (['gates', 'ranker_calibration'] if 'evaluation' in var('two_tower_stages') else []) -%}
        {%- do ref('two_tower', name) -%}  {#- told to dbt while it parses #}
    {%- endfor -%}
    {%- if execute and two_tower.published_file() -%}
        {%- set failed = two_tower.failed_gates() -%}
        {%- do two_tower.write_down(failed) -%}
        {%- set refused = failed + two_tower.torn_tables() + two_tower.other_than_pinned() + two_tower.drifted() -%}
        {%- if refused -%}
            {%- do two_tower.input_error(
                'publication', 'refused. ' ~ refused | join(' ') ~ ' ' ~ two_tower.what_stays(),
                'mend what is named and run again, or go on with the lists that stay.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro failed_gates() %}
    {#- Sentences about gates that the evaluation failed; none where there is no evaluation. -#}
    {%- set found = [] -%}
    {%- if 'evaluation' in var('two_tower_stages') -%}
        {%- if two_tower.is_built('gates') -%}
            {%- for row in run_query('select message from ' ~ ref('two_tower', 'gates') ~ ' where not is_passed order by message asc').rows -%}
                {%- do found.append(row[0]) -%}
            {%- endfor -%}
            {%- for row in run_query('select * from (' ~ two_tower.bins_off() ~ ') where pairs >= 1000').rows -%}
                {%- do found.append(
                    'Gate two_tower_max_calibration_error: in bin ' ~ row[0] ~ ' of ranker_calibration the ranker said ' ~ row[2] | round(3)
                    ~ ' and ' ~ row[3] | round(3) ~ ' happened.'
                ) -%}
            {%- endfor -%}
        {%- else -%}
            {%- do exceptions.warn('publication: no gate has judged the lists, since the evaluation has not been built in this schema.') -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}


{% macro write_down(failed) %}
    {#- Writes into the folders of the runs of stage production which gates they failed, for the refreshes to come; a warning names newer runs
        that failed theirs. -#}
    {%- set runs = two_tower.production_runs() -%}
    {%- set newer = two_tower.operation('judged', [var('two_tower_model_dir'), runs | join(','), tojson(failed)]).failed_since -%}
    {%- if newer and runs and not failed -%}
        {%- do exceptions.warn(
            'publication: the newest training failed its gates (' ~ newer | join(', ') ~ '), so towers ' ~ runs[0] ~ ' and ranker ' ~ runs[1]
            ~ ' go on.'
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro torn_tables() %}
    {#- Sentences about tables that hold another run than the registries, as after a run that has stopped half-way. -#}
    {%- set unfinished = two_tower.unfinished_training() -%}
    {%- set found = [unfinished] if unfinished else [] -%}
    {%- if not two_tower.production_runs() -%}
        {%- do found.append('model_registry or ranker_registry has no run of stage production.') -%}
    {%- endif -%}
    {%- set registries = {
        'model_registry': ['item_embeddings', 'user_embeddings'],
        'ranker_registry': ['ranked_candidates', 'recommendations', 'recommendations_by_category'],
    } -%}
    {%- for registry, tables in registries.items() -%}
        {%- for table in tables -%}
            {%- set row = run_query(
                "select min(lists.run_id), min(runs.run_id) from (select distinct run_id from " ~ ref('two_tower', table)
                ~ (" where stage = 'production'" if registry == 'model_registry' else '') ~ ') as lists cross join '
                ~ ref('two_tower', registry) ~ " as runs where runs.stage = 'production' and lists.run_id != runs.run_id"
            ).rows[0] -%}
            {%- if row[0] -%}
                {%- do found.append(table ~ ' is of run ' ~ row[0] ~ ', and ' ~ registry ~ ' says ' ~ row[1] ~ '.') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{% macro other_than_pinned() %}
    {#- A sentence where var two_tower_pinned_run names another run than the tables are of. -#}
    {%- set pinned, found = var('two_tower_pinned_run'), [] -%}
    {%- if pinned -%}
        {%- set runs = two_tower.production_runs() -%}
        {%- if pinned not in runs -%}
            {%- do found.append(
                'Run ' ~ pinned ~ ' is pinned (var two_tower_pinned_run), and the lists are of towers ' ~ runs[0] ~ ' and ranker '
                ~ runs[1] ~ '.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}


{% macro drifted() %}
    {#- Sentences about failed drift checks where var two_tower_drift is stop; where it is warn they are warnings. -#}
    {%- set found, severity = [], var('two_tower_drift') -%}
    {%- if severity != 'off' and two_tower.is_built('drift_checks') -%}
        {%- for row in run_query('select message from ' ~ ref('two_tower', 'drift_checks') ~ ' where is_failed order by message asc').rows -%}
            {%- do found.append(row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if found and severity == 'warn' -%}
        {%- do exceptions.warn('publication: ' ~ found | join(' ')) -%}
    {%- elif found -%}
        {%- do found.append("If the change is real, publish it once by --vars '{two_tower_drift: warn}'.") -%}
    {%- endif -%}
    {{ return(found if severity == 'stop' else []) }}
{% endmacro %}
