"""Sphinx configuration of the API reference; its pages are written when the build begins."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import generator  # noqa: E402

from senlin_container.api import versions  # noqa: E402

project = "Clustering API"
extensions = ["os_api_ref"]
html_theme = "alabaster"
exclude_patterns = ["build"]
os_api_ref_min_microversion = versions.render(versions.MINIMUM)
os_api_ref_max_microversion = versions.render(versions.MAXIMUM)


def setup(_app):
    """Write the pages."""
    generator.write(HERE / "generated")
