"""Sphinx configuration of the documentation."""

project = "senlin_container"
extensions: list[str] = []
html_theme = "alabaster"
exclude_patterns = ["build"]
nitpicky = True
