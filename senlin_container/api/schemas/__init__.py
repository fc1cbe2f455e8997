"""The bodies and queries of the API, as JSON Schemas."""
