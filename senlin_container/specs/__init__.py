"""Specs of profiles: their schemas, and the typed values that come of a valid one."""
