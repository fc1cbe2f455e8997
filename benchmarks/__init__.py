"""Programs that measure the service beside what else does its work; each prints a table."""
