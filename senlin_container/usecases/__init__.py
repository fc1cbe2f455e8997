"""What can be done with the service: one transaction for each request."""
