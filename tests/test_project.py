"""The project holds together: what is declared twice agrees, and what the readme promises is there."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = (*READMES, "CONTRIBUTING.md", "CHANGELOG.md")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def required() -> list[str]:
    project = PYPROJECT["project"]
    return [re.split(r"[<>=!~ ]", r)[0] for r in (*project["dependencies"], *project["optional-dependencies"]["dev"])]


def targets() -> set[str]:
    return {name for line in re.findall(r"^([\w -]+):(?!=)", text("Makefile"), re.MULTILINE) for name in line.split()}


def tracked(*patterns: str) -> list[str]:
    found = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(f"this is no git checkout: {found.stderr.strip()}")
    return found.stdout.splitlines()


def test_environment_yml_is_made_from_pyproject() -> None:
    assert text("environment.yml") == tool("environment").environment(text("pyproject.toml")), "run `make environment`"


def test_a_requirement_is_written_under_condas_name() -> None:
    conda = tool("environment").conda
    assert [conda(r) for r in ("duckdb>=2.0", "types-networkx", "pandas>=3.0,<4")] == [
        "python-duckdb>=2.0",
        "types-networkx",
        "pandas>=3.0,<4",
    ]
    with pytest.raises(SystemExit, match="more than a name and versions"):
        conda('tomli>=2; python_version < "3.11"')


def test_every_requirement_is_locked_with_hashes() -> None:
    lock = text("requirements.lock")
    locked = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))
    assert {name.lower() for name in required()} <= set(locked)
    blocks = re.split(r"^(?=[a-z0-9._-]+==)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_no_index_address_is_in_the_lock_or_the_set_up() -> None:
    for name in ("requirements.lock", "environment.yml", "Makefile", "pyproject.toml", ".ci/run"):
        assert not re.search(r"https?://|--(extra-)?index-url [^\\\s]*/|--find-links (?!wheelhouse)", text(name)), name


def test_every_package_is_installed_with_its_data() -> None:
    setup = PYPROJECT["tool"]["setuptools"]
    packages = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "lib").rglob("__init__.py")}
    assert set(setup["packages"]) == packages
    shipped = {
        p for package, globs in setup["package-data"].items() for g in globs for p in (ROOT / package.replace(".", "/")).glob(g)
    }
    data = {p for p in (ROOT / "lib").rglob("*") if p.is_file() and p.suffix != ".py" and "__pycache__" not in p.parts}
    assert data - shipped == set()


def test_git_keeps_the_package_and_ignores_what_was_handed_over() -> None:
    def ignored(name: str) -> bool:
        return subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=False).returncode == 0

    tracked()
    assert not any(ignored(n) for n in ("lib/new.py", "lib/rules/X.sql", "data/raw/sample/x.csv", "notebooks/x.ipynb"))
    assert all(
        ignored(n)
        for n in (
            "data/raw/2018/流水.csv",
            "data/curated/inspection.duckdb",
            "data/curated/x.findings.parquet",
            "reports/x.html",
        )
    )


def test_only_the_guided_and_the_template_notebooks_are_tracked() -> None:
    assert [n for n in tracked("*.ipynb") if not re.match(r"notebooks/(\d\d_\w+|templates/\w+)\.ipynb$", n)] == []


def test_each_module_imports_only_those_below_it() -> None:
    linted = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(document: str) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text(document), re.MULTILINE))
    assert named <= targets()


@pytest.mark.parametrize("document", READMES)
def test_the_readme_leads_with_the_demo_and_the_tests(document: str) -> None:
    first = re.search(r"```\n(.*?)```", text(document), re.DOTALL)
    assert first is not None
    assert [line.split("#")[0].strip() for line in first[1].splitlines()] == ["make demo", "make test"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_links_to_exists(document: str) -> None:
    for name in re.findall(r"\]\(([^)#]+)\)", text(document)):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("document", READMES)
def test_every_command_and_option_of_a_readme_exists_and_every_command_is_in_it(document: str) -> None:
    from typer.main import get_command

    from lib.cli import app

    commands = dict(get_command(app).commands)
    for group in ("rule", "export", "register"):
        commands |= {f"{group} {name}": made for name, made in commands.pop(group).commands.items()}
    written = text(document)
    for name, command in commands.items():
        assert f"lookthrough {name}" in written, name
        known = {option for parameter in command.params for option in parameter.opts}
        for line in re.findall(rf"lookthrough {name}\b[^`\n#]*", written):
            assert set(re.findall(r"--[a-z-]+", line)) <= known, line
    named = set(re.findall(r"\blookthrough ((?:(?:rule|export|register) )?[a-z]+)", written)) - {"rule", "export", "register"}
    assert named <= set(commands)


def test_both_readmes_show_the_same_code() -> None:
    def code(document: str) -> list[str]:
        blocks = re.findall(r"```\w*\n(.*?)```", text(document), re.DOTALL)
        return [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]

    assert code("README.md") == code("README.zh-CN.md")


@pytest.mark.parametrize("document", READMES)
def test_every_function_that_a_readme_calls_exists(document: str) -> None:
    import importlib

    called = set(re.findall(r"^\s*(?:\w+ = )?(checks|draw|flows|graph)\.(\w+)\(", text(document), re.MULTILINE))
    assert len(called) > 8
    for module, name in called:
        assert callable(getattr(importlib.import_module(f"lib.{module}"), name)), f"{module}.{name}"


def test_the_version_is_in_the_changelog() -> None:
    assert f"## {PYPROJECT['project']['version']}" in text("CHANGELOG.md")


def test_the_licence_is_apache() -> None:
    assert "Apache License\n                           Version 2.0" in text("LICENSE")
    assert PYPROJECT["project"]["license"] == "Apache-2.0"


def test_no_runtime_part_is_under_the_gpl() -> None:
    from importlib.metadata import metadata

    for requirement in PYPROJECT["project"]["dependencies"]:
        said = metadata(re.split(r"[<>=]", requirement)[0])
        licence = f"{said.get('License-Expression', '')} {' '.join(said.get_all('Classifier') or [])}"
        assert not re.search(r"\bA?GPL|GNU (Affero )?General Public", licence), requirement


def test_set_up_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    """A copy of the Makefile with an up-to-date stamp: `make setup` runs nothing."""
    (tmp_path / "Makefile").write_text(text("Makefile"), encoding="utf-8")
    for name in ("requirements.lock", "pyproject.toml", ".venv/.ready"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    made = subprocess.run(["make", "setup"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Nothing to be done" in made.stdout or "up to date" in made.stdout


def test_set_up_without_a_usable_python_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(text("Makefile"), encoding="utf-8")
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    made = subprocess.run(["make", "setup", "PYTHON=no-such-python"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 2
    assert "3.11" in made.stderr.splitlines()[0]
    assert not (tmp_path / ".venv").exists()
