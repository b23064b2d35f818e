def model(dbt, session):
    """Glue: hands the schema and the name of the file to the Python package, returns the row of the page."""
    from two_tower.report.run import page_of_run

    dbt.ref("two_tower", "published_relations")  # after all that the page reads
    return page_of_run(session, dbt.this.schema, dbt.config.get("file"), dbt.config.get("title"))
