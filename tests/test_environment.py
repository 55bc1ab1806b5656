"""Every way to install the project installs the same versions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def normal(name: str) -> str:
    """A package's name as indexes compare it: Jinja2 is jinja2, stable_baselines3 has hyphens."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(group: str | None = None) -> set[str]:
    """Names of the project's dependencies, or of an optional group of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["optional-dependencies"][group] if group else project["dependencies"]
    return {normal(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in listed}


def pins() -> dict[str, str]:
    """The versions of constraints.txt by name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    stated = [line for line in lines if line.strip() and not line.startswith("#")]
    pairs = [line.strip().split("==") for line in stated]
    assert all(len(pair) == 2 for pair in pairs), "a constraint is not of the form name==version"
    return {normal(name): version for name, version in pairs}


def conda() -> tuple[list[str], list[str]]:
    """What environment.yml has conda install and what pip, each in its order."""
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    body = lines[lines.index("dependencies:") + 1 :]
    by_conda = [m[1] for line in body if (m := re.fullmatch(r"  - ([^:\s]+)", line))]
    by_pip = [m[1] for line in body if (m := re.fullmatch(r"      - (.+)", line))]
    assert "  - pip:" in body
    return by_conda, by_pip


def test_every_dependency_is_pinned() -> None:
    """Those of the project and those of its development."""
    assert needed() | needed("dev") <= set(pins())


def test_pins_lie_within_what_the_project_asks_for() -> None:
    """A version that is pinned is one that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in project["dependencies"] + project["optional-dependencies"]["dev"]:
        name = re.split(r"[^A-Za-z0-9._-]", line)[0]
        found = _number(pins()[normal(name)])
        for sign, bound in re.findall(r"(>=|<)([\d.]+)", line):
            inside = found >= _number(bound) if sign == ">=" else found < _number(bound)
            assert inside, f"{line}, pinned {pins()[normal(name)]}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def test_torch_is_the_version_that_was_tested() -> None:
    """2.13.0, everywhere it is named."""
    assert pins()["torch"] == "2.13.0"
    assert conda()[1][0] == "torch==2.13.0"


def test_the_conda_environment_has_the_name_that_the_readme_activates() -> None:
    """supplychain, on Python 3.11 with pip."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert re.search(r"^name: supplychain$", text, re.MULTILINE)
    assert conda()[0] == ["python=3.11", "pip"]


def test_the_conda_environment_is_in_step_with_the_constraints() -> None:
    """Every dependency of the project, pinned alike, and nothing else but the project."""
    pinned = [line for line in conda()[1] if "==" in line]
    versions = {normal(name): version for name, version in (line.split("==") for line in pinned)}
    assert set(versions) == needed()
    assert versions == {name: pins()[name] for name in needed()}
    rest = [line for line in conda()[1] if line not in pinned]
    assert len(versions) == len(pinned), "a package is named twice"
    assert rest in ([], ["--editable ."], ["-e ."])


def test_the_makefile_installs_torch_first() -> None:
    """From its pin, so that nothing pulls another build of it."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in recipe.splitlines() if "pip install" in line]
    of_torch = next(i for i, line in enumerate(installs) if "torch==" in line)
    of_project = next(i for i, line in enumerate(installs) if "--editable" in line)
    assert of_torch < of_project
    assert "--constraint constraints.txt" in installs[of_project]
