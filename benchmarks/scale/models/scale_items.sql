select * from read_parquet('{{ var("scale_data_dir") }}/items.parquet')
