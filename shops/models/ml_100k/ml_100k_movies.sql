with

people as (
    select
        item_id,
        list(entity) filter (where relation = 'film.film.actor') as actors,
        list(entity) filter (where relation in ('film.film.directed_by', 'film.film.written_by')) as makers,
        list(entity) filter (where relation = 'film.film.country') as countries,
        list(entity) filter (where relation = 'film.film.language') as languages,
        list(entity) filter (where relation = 'film.film.production_companies') as studios,
        list(entity) filter (where relation in ('film.film.genre', 'film.film.subjects')) as subjects,
        list(entity) filter (where relation = 'film.film.rating') as ratings
    from read_parquet('{{ var("shops_data_dir") }}/ml-100k/facts.parquet')
    group by item_id
),

final as (
    select
        movies.item_id,
        movies.title,
        movies.genres,
        movies.release_year,
        people.* exclude (item_id)
    from read_parquet('{{ var("shops_data_dir") }}/ml-100k/movies.parquet') as movies
    left join people on movies.item_id = people.item_id
)

select * from final
