"""Run a template notebook by papermill, strictly: a misspelt parameter, a warning or a failed cell never becomes a report."""

import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.translators import PythonTranslator

from lib import paths
from lib.errors import BadFile, BadParameter
from lib.rendering.kernels import Kernels, environment

_OURS = {"BadFile", "BadParameter", "DataGap"}
_ENGINE = "lookthrough"


class Unfinished(Exception):
    """A report that must not be published; its text is the reason, one line."""


class _Engine(NBClientEngine):  # type: ignore[misc]
    """papermill's own engine, on a kernel of ours."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
        client = PapermillNotebookClient(nb_man, km=kwargs["manager"], kernel_name=kernel_name, log=_LOG, startup_timeout=60)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return client.execute(env=kwargs["env"], cwd=str(paths.home()), cleanup_kc=True, **quiet)


_LOG = logging.getLogger("lookthrough.kernel")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False
papermill_engines.register(_ENGINE, _Engine)


def check_parameters(template: Path, given: Mapping[str, object]) -> None:
    """Refuse a template that does not exist or takes no parameters, and parameters that it does not have.

    Raises
    ------
    BadFile
        If the template cannot be read or has no cell tagged `parameters`.
    BadParameter
        If it does not know one of the names; the message lists those it knows.
    """
    logging.getLogger("papermill").setLevel(logging.ERROR)
    notebook = read_template(template)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if not tagged:
        raise BadFile(
            f"模板 {paths.written(template)} 没有标记为 parameters 的单元格, 无法传入参数。请给参数单元格加上 parameters 标签",
            f"The template {paths.written(template)} has no cell tagged `parameters`. Tag the cell that holds its parameters",
        )
    # What papermill.inspect_notebook does, without asking the notebook for a kernel.
    known = [found.name for found in PythonTranslator.inspect(tagged[0])]
    if unknown := [name for name in given if name not in known]:
        raise BadParameter(
            f"模板 {paths.written(template)} 没有参数 {'、'.join(unknown)}。可用的参数: {'、'.join(known)}",
            f"The template {paths.written(template)} has no parameter {', '.join(unknown)}. It has: {', '.join(known)}",
        )


def read_template(template: Path) -> nbformat.NotebookNode:
    """Read a template notebook.

    Raises
    ------
    BadParameter
        If there is none of this name; the message lists those that there are.
    BadFile
        If it is no notebook.
    """
    if not template.is_file():
        others = sorted(path.stem for path in template.parent.glob("*.ipynb"))
        raise BadParameter(
            f"没有模板 {template.stem!r}。可用的模板: {'、'.join(others) or '无'}",
            f"There is no template {template.stem!r}. There are: {', '.join(others) or 'none'}",
        )
    try:
        return nbformat.read(template, as_version=4)
    except Exception as error:
        raise BadFile(
            f"模板 {paths.written(template)} 不是有效的 notebook ({_first_line(error)})",
            f"The template {paths.written(template)} is no valid notebook ({_first_line(error)})",
        ) from None


def execute(template: Path, given: Mapping[str, object], lang: str, kernels: Kernels) -> nbformat.NotebookNode:
    """Run a template with parameters and return the notebook, every cell completed.

    Raises
    ------
    Unfinished
        If a cell failed, wrote to stderr or did not complete.
    """
    try:
        notebook = papermill.execute_notebook(
            str(template),
            None,
            parameters=dict(given),
            engine_name=_ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            manager=kernels.manager(),
            env=environment(LOOKTHROUGH_LANG=lang),
        )
    except PapermillExecutionError as error:
        text = _first_line(error.evalue)
        raise Unfinished(text if error.ename in _OURS else f"{error.ename}: {text}") from None
    finally:
        ensure_event_loop().close()  # nbclient makes one for each thread and leaves it open
    for cell in notebook.cells:
        _refuse_unfinished(cell)
    notebook.metadata.papermill.update(input_path=paths.written(template), output_path=None)
    return notebook


def _refuse_unfinished(cell: nbformat.NotebookNode) -> None:
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            raise Unfinished(f"{output.ename}: {_first_line(output.evalue)}")
        if output.output_type == "stream" and output.name == "stderr":
            raise Unfinished(f"stderr: {_first_line(output.text)}")
    status = cell.metadata.get("papermill", {}).get("status")
    if status != "completed":
        raise Unfinished(f"cell {status}")


def _first_line(error: object) -> str:
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return lines[0].strip() if lines else ""
