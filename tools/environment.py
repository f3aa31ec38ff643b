"""Write environment.yml, for conda users, from pyproject.toml: `make environment`. A test finds the two out of step."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Where conda-forge's name is not that of the Python package.
CONDA_NAMES = {
    "brotli": "brotli-python",
    "duckdb": "python-duckdb",
    "matplotlib": "matplotlib-base",  # without Qt: pictures are files here
    "nbconvert": "nbconvert-core",  # without pandoc
    "playwright": "playwright-python",
}

HEAD = """\
# For conda users, native Windows among them. Made from pyproject.toml by `make environment`: do not edit.
#   conda env create --file environment.yml
#   conda activate lookthrough
#   lookthrough demo
name: lookthrough
channels:
  - conda-forge
  - nodefaults
dependencies:
"""


def environment(pyproject: str) -> str:
    """Return the text of environment.yml for the text of a pyproject.toml."""
    project = tomllib.loads(pyproject)["project"]
    lines = [f"  - python{project['requires-python']}", "  - pip"]
    lines += [f"  - {conda(requirement)}" for requirement in project["dependencies"]]
    lines += ["  # for the tests and checks"]
    lines += [f"  - {conda(requirement)}" for requirement in project["optional-dependencies"]["dev"]]
    lines += ["  - pip:", "      - --editable ."]
    return HEAD + "\n".join(lines) + "\n"


def conda(requirement: str) -> str:
    """Return a requirement under conda-forge's name: `duckdb>=2.0` → `python-duckdb>=2.0`."""
    found = re.fullmatch(r"([A-Za-z0-9._-]+?)((?:[<>=!~]=?[^;]*)?)", requirement)
    if found is None:
        raise SystemExit(f"pyproject.toml: {requirement!r} is more than a name and versions; say here what conda makes of it")
    name, versions = found.groups()
    return CONDA_NAMES.get(name.lower(), name.lower()) + versions


if __name__ == "__main__":
    target = ROOT / "environment.yml"
    target.write_text(environment((ROOT / "pyproject.toml").read_text(encoding="utf-8")), encoding="utf-8")
    print(target.name)
