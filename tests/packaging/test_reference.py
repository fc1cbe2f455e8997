"""The reference of the API can be built, and tells of every operation."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Any

import yaml

from senlin_container.api import operations, versions

ROOT = pathlib.Path(__file__).parents[2] / "api-ref"


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("api_ref_generator", ROOT / "generator.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def test_every_operation_has_its_section(tmp_path: pathlib.Path) -> None:
    generator().write(tmp_path / "generated")
    pages = "\n".join(file.read_text() for file in (tmp_path / "generated").glob("*.rst"))
    for operation in operations.OPERATIONS:
        assert f"\n{operation.title}\n" in pages
        assert f".. rest_method:: {operation.method} {operation.path}\n" in pages
    rows = yaml.safe_load((tmp_path / "generated" / "parameters.yaml").read_text())
    assert set(re.findall(r"^   - \S+: (\S+)$", pages, re.MULTILINE)) == set(rows)
    assert [key for key, row in rows.items() if not row["description"]] == []


def test_every_sample_is_shown(tmp_path: pathlib.Path) -> None:
    generator().write(tmp_path / "generated")
    pages = "\n".join(file.read_text() for file in (tmp_path / "generated").glob("*.rst"))
    shown = re.findall(r"literalinclude:: \.\./samples/(\S+)", pages)
    assert sorted(shown) == sorted(file.name for file in (ROOT / "source" / "samples").glob("*.json"))


def test_the_history_knows_every_microversion() -> None:
    told = re.findall(r"^(1\.\d+)$", (ROOT / "source" / "history.rst").read_text(), re.MULTILINE)
    assert told == [versions.render((1, minor)) for minor in range(versions.MAXIMUM[1] + 1)]


def test_it_builds_without_a_warning(tmp_path: pathlib.Path) -> None:
    copy = shutil.copytree(ROOT, tmp_path / "api-ref", ignore=shutil.ignore_patterns("build", "generated"))
    command = [sys.executable, "-m", "sphinx", "-W", "-E", "-q", "-b", "html", copy / "source", tmp_path / "html"]
    done = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Resize a cluster" in (tmp_path / "html" / "generated" / "clusters.html").read_text()
