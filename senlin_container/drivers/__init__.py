"""Thin adapters to outside systems; ``ports`` says what they can do."""
