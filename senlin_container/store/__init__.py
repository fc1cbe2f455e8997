"""The database: the only SQL of the service. Values of the domain go in and come out."""
