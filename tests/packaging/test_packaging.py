"""What is shipped is complete and up to date."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[2]
ETC = ROOT / "etc" / "senlin-container"


def _own_sections(sample: str) -> dict[str, str]:
    """Return the text of our options by group; those of libraries change with their versions."""
    own = {}
    for group in re.split(r"^(?=\[)", sample, flags=re.MULTILINE):
        for section in re.split(r"^#\n# From ", group, flags=re.MULTILINE):
            if section.startswith("senlin_container\n"):
                own[group.split("\n", 1)[0]] = section.strip()
    return own


def test_the_sample_configuration_is_up_to_date(tmp_path):
    made = tmp_path / "sample"
    command = pathlib.Path(sys.executable).with_name("oslo-config-generator")
    subprocess.run([command, "--config-file", ETC / "config-generator.conf", "--output-file", made], check=True)
    sections = _own_sections(made.read_text())
    assert "[api]" in sections
    assert _own_sections((ETC / "senlin-container.conf.sample").read_text()) == sections, "run: tox -e genconfig"


def test_the_sample_of_the_access_rules_is_up_to_date(tmp_path):
    made = tmp_path / "sample"
    command = pathlib.Path(sys.executable).with_name("oslopolicy-sample-generator")
    subprocess.run([command, "--config-file", ETC / "policy-generator.conf", "--output-file", made], check=True)
    assert '#"clusters:create"' in made.read_text()
    assert (ETC / "policy.yaml.sample").read_text() == made.read_text(), "run: tox -e genpolicy"


def _tracked() -> list[str]:
    answer = subprocess.run(["git", "ls-files", "senlin_container"], cwd=ROOT, capture_output=True, text=True)
    return answer.stdout.split()


def test_a_wheel_holds_every_file_of_the_package(tmp_path):
    tracked = _tracked()
    if not tracked:
        pytest.skip("not a git checkout with tracked files: nothing to compare a wheel with")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    committed = {str(p.relative_to(clone)) for p in (clone / "senlin_container").rglob("*") if p.is_file()}
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*build, str(clone)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert committed <= held
    assert not [name for name in held if name.startswith(("tests/", "tools/", "benchmarks/"))]
