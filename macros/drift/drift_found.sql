{% macro drift_found(compared, changed) %}
    {#- Select of what the drift checks found, before any limit: check_name, subject, before, now, change, said. `compared` has measures of
        the published set and of this run, `changed` the share of changed values by feature. -#}
    select
        'rows' as check_name,
        subject,
        before,
        coalesce(now, 0) as now,
        1 - coalesce(now, 0) / before as change,
        concat(cast(coalesce(now, 0) as bigint), ' rows, and ', cast(before as bigint), ' in the published set') as said
    from {{ compared }}
    where measure = 'rows' and before > 0
    union all
    select
        'newest_event_days',
        subject,
        before,
        now,
        (before - now) / 86400,
        concat(
            'the newest event is of ', make_timestamp(cast(now * 1e6 as bigint)), ', and that of the published set of ',
            make_timestamp(cast(before * 1e6 as bigint))
        )
    from {{ compared }}
    where measure = 'newest_event'
    union all
    select
        'events_per_day',
        subject,
        before,
        now,
        1 - coalesce(now, 0) / before,
        concat(
            round(now, 1), ' events a day in the newest week, and ', round(before, 1), ' in that of the published set'
        )
    from {{ compared }}
    where
        measure = 'events_per_day'
        -- what a few users do in a week says nothing of the load
        and (select active.before from {{ compared }} as active where active.measure = 'active_users') >= 40
    union all
    select
        'known_keys',
        subject,
        before,
        now,
        before - coalesce(now, 0),
        concat(
            cast(100 * now as bigint), ' % of the interactions have a row there, and ', cast(100 * before as bigint),
            ' % in the published set'
        )
    from {{ compared }}
    where measure = 'known_keys'
    union all
    select
        'null_share',
        subject,
        before,
        coalesce(now, 1) as now,
        coalesce(now, 1) - before,
        concat(
            cast(100 * coalesce(now, 1) as bigint), ' % of the rows have no value, and ', cast(100 * before as bigint),
            ' % in the published set'
        )
    from {{ compared }}
    where measure = 'null_share'
    union all
    select
        'changed_values',
        feature,
        0,
        share,
        share,
        concat(cast(100 * share as bigint), ' % of the same keys have another value than in the published set')
    from {{ changed }}
    union all
    select
        'list_change',
        subject,
        before,
        now,
        now,
        concat(round(100 * now, 1), ' % of the places have another item than in the published set')
    from {{ compared }}
    where measure = 'list_change' and now is not null
    union all
    select
        'mean_chance',
        subject,
        before,
        now,
        greatest(now / before, before / now),
        concat('the mean chance is ', round(now, 4), ', and ', round(before, 4), ' in the published set')
    from {{ compared }}
    where measure = 'mean_chance' and before > 0 and now > 0
{%- endmacro %}
