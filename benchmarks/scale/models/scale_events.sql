select * from read_parquet('{{ var("scale_data_dir") }}/events.parquet')
