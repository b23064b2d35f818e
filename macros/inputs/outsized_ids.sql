{% macro outsized_ids(rows, column) %}
    {#- Select of the ids that stand for nobody in particular, the most frequent first: id, n, total. Words for a missing value always;
        other ids, among more than ten, with ten times as many rows as the others on average, where they are a tenth of all rows, or zeros
        and the like. -#}
    select
        id,
        n,
        total
    from (
        select
            id,
            n,
            sum(n) over () as total,
            count(*) over () as ids,
            (sum(n) over () - n) / greatest(count(*) over () - 1, 1)::double as mean_of_others
        from (
            select
                cast({{ column }} as varchar) as id,
                count(*)::double as n
            from {{ rows }}
            where {{ column }} is not null
            group by id
        )
    )
    where
        lower(trim(id)) in (
            '', 'unknown', 'null', 'none', 'nan', 'n/a', 'na', 'nil', 'undefined', 'anonymous', 'guest', 'not set', '(not set)', '<na>'
        )
        or (
            ids > 10
            and n >= 10 * mean_of_others
            and (n >= 0.1 * total or regexp_full_match(id, '[-0.]*|-1|9{4,}'))
        )
    order by n desc, id asc
{%- endmacro %}
