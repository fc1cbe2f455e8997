"""Sphinx configuration of the release notes."""

project = "senlin_container"
extensions = ["reno.sphinxext"]
html_theme = "alabaster"
