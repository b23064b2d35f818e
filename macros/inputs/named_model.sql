{% macro named_model(name) %}
    {#- Ref of the model, seed or snapshot that a var names. Never one of this package: all of ours but the demo's
        are made of the inputs, so a model of that name is the root project's. -#}
    {%- set ours = [
        'active_rules', 'als', 'bought_together', 'bought_together_trials', 'buy_again', 'buy_again_trials',
        'by_category_trials', 'candidate_recall', 'candidates', 'complete_basket_trials', 'cutoff_targets', 'cutoffs',
        'data_end', 'drift_checks', 'ease', 'evaluated_candidates', 'evaluated_models', 'evaluation_lists',
        'evaluation_recommendations', 'event_types', 'excluded_items', 'experiment_assignments', 'experiment_metrics',
        'experiment_results', 'feature_samples', 'feature_vocabulary', 'gates', 'group_lifts', 'history_attributions',
        'interaction_splits', 'item_audiences', 'item_audiences_trials', 'item_categories', 'item_embeddings',
        'item_events', 'item_features', 'item_inputs', 'item_knn', 'item_neighbours', 'item_reviews', 'item_traits',
        'item_weights', 'learning_candidates', 'list_metrics_by_user', 'list_quality', 'list_trade_offs',
        'list_trials', 'lists_by_model', 'model_comparisons', 'model_registry', 'new_arrivals', 'new_arrivals_trials',
        'own_most_bought', 'popular_items', 'popular_items_trials', 'popularity', 'publication',
        'published_relations', 'ranked_candidates', 'ranker_calibration', 'ranker_examples', 'ranker_registry',
        'ranker_runs', 'recall_by_model', 'recall_by_user', 'recent_popularity', 'recommendations',
        'recommendations_by_category', 'recommendations_trials', 'rejected_rows', 'relevant_items',
        'repeat_purchases', 'report_page', 'run_history', 'run_measures', 'segment_activity', 'similar_items',
        'similar_items_trials', 'similar_users', 'similar_users_trials', 'stages', 'stg_interactions', 'stg_items',
        'stg_reviews', 'stg_users', 'training_epochs', 'training_runs', 'trending_items', 'trending_items_trials',
        'unavailable_items', 'user_embeddings', 'user_events', 'user_features', 'user_histories', 'user_inputs',
        'user_interests', 'user_segments', 'user_values'
    ] -%}
    {{ return(ref(project_name, name) if name in ours and project_name != 'two_tower' else ref(name)) }}
{% endmacro %}
