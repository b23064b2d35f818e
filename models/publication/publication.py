def model(dbt, session):
    """Glue: hands the relations and the name of the file to the Python package, returns the row of the set."""
    from two_tower.python_udfs.publication.publish import Relation, publish

    planned = dbt.ref("two_tower", "published_relations")
    columns = "model, relation_name, schema_name, kind, is_public, statement, reads"
    relations = [Relation(*row) for row in planned.select(columns).order("kind desc, model").fetchall()]
    return publish(session, relations, dbt.config.get("file"), dbt.config.get("keep"), dbt.config.get("exports"))
