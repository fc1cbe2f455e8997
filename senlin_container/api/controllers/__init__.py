"""Handlers: each turns one validated call into a command or a query, and its result into an answer."""
