"""The HTTP API: routes as data, validation, views, and the WSGI application."""
