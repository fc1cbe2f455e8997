"""senlin_container: clusters of containers behind the Senlin v1 API."""
