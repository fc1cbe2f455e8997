"""How many examples: 100 each and the same ones every time, or HYPOTHESIS_PROFILE=nightly for 2000 new ones."""

from __future__ import annotations

import os

import hypothesis

hypothesis.settings.register_profile("default", max_examples=100, derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("nightly", max_examples=2000, deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
