"""Importing the user's module, from a file or by its name."""

import importlib
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

from outlast.cli.problem import Problem
from outlast.cli.texts import own_frames
from outlast.errors import OutlastError

_WANTED: Final = "Give a file (./flow.py), or a module that can be imported from this folder."


def load(source: str) -> ModuleType:
    """The module that a FILE or a dotted MODULE name stands for.

    A file is imported under its stem with its folder on the path, so that it sees what `python FILE` would
    let it see, and its classes have the names in payloads that they have when the file is run as a script.
    What stands under `if __name__ == "__main__"` does not run. Loading twice gives the same module.

    Raises `Problem`, with the user's own frames, if it cannot be imported, and the library's own errors
    (such as `SideEffectError`) as they are.
    """
    _check_names_no_workflow(source)
    return _load_file(Path(source)) if names_file(source) else _load_module(source)


def names_file(source: str) -> bool:
    """Whether it is meant as a file, not as the dotted name of a module."""
    return source.endswith(".py") or "/" in source or source[:1] == "." or Path(source).is_file()


def _check_names_no_workflow(source: str) -> None:
    """`worker`, `serve` and `check` are easily given what `run` takes."""
    file, ends, _ = source.partition(".py:")
    whole = file + ".py" if ends else source.partition(":")[0]
    if whole not in ("", source) and not Path(source).exists():
        raise Problem(
            f"{source!r} names a workflow, and a file or a module is wanted here",
            hint=f"Give it whole: {whole}. All workflows in it are meant.",
        )


def _load_file(file: Path) -> ModuleType:
    file = _existing(file).resolve()
    name = file.stem
    known = sys.modules.get(name)
    if known is not None:
        if getattr(known, "__file__", None) == str(file):
            return known
        raise Problem(
            f"{file.name} cannot be imported as {name!r}: another module has this name",
            hint=f"Rename the file. The other one is {_whereabouts(known)}.",
        )
    _put_on_path(file.parent)
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Problem(f"{file.name} is no Python file", hint="Give a file that ends in .py.")
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        _refuse(str(file.name), error, hint=_as_module(file, error))
        raise
    return module


def _as_module(file: Path, error: BaseException) -> str | None:
    """How to name a file of a package that has not found its package."""
    packages: list[str] = []
    folder = file.parent
    while (folder / "__init__.py").is_file():
        packages.insert(0, folder.name)
        folder = folder.parent
    if not packages or not isinstance(error, ImportError):
        return None
    if error.name is not None and error.name.partition(".")[0] != packages[0]:
        return None  # something else is missing
    name = ".".join([*packages, file.stem])
    return f"The file belongs to a package: give it as the module {name}, from the folder {folder}."


def _existing(file: Path) -> Path:
    if file.is_dir():
        raise Problem(
            f"{file} is a folder", hint="Give a file in it, or the dotted name of a module."
        )
    if not file.is_file():
        raise Problem(f"there is no file {str(file)!r}", hint=_similar_files(file))
    return file


def _similar_files(file: Path) -> str:
    folder = file.parent
    names = sorted(path.name for path in folder.glob("*.py")) if folder.is_dir() else []
    if not names:
        return f"There are no Python files in {folder.resolve()}."
    return f"In {folder.resolve()} there are: {', '.join(names[:12])}{', …' * (len(names) > 12)}"


def _load_module(name: str) -> ModuleType:
    if not all(name.split(".")):
        raise Problem(f"{name!r} cannot be the name of a module", hint=_WANTED)
    _put_on_path(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise Problem(
                f"there is no module {name!r}",
                hint=_in_src(name) or _with_colon(name) or _WANTED,
            ) from error
        _refuse(name, error)
        raise
    except BaseException as error:
        _refuse(name, error)
        raise


def _in_src(name: str) -> str | None:
    """What to do about a module that lies in the folder `src`, and is not installed."""
    within = Path("src", *name.split("."))
    if not (within.is_dir() or within.with_name(f"{within.name}.py").is_file()):
        return None
    return "It lies in src: install the project (pip install -e .), or put src on PYTHONPATH."


def _with_colon(name: str) -> str | None:
    """What to do about a dot where a colon belongs."""
    module, _, inside = name.rpartition(".")
    if module not in sys.modules:
        return None
    return f"A colon parts a module from what is in it: {module}:{inside}"


def _put_on_path(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _refuse(name: str, error: BaseException, *, hint: str | None = None) -> None:
    """Raise a `Problem` for an error of the user's code; return for all others."""
    if isinstance(error, OutlastError | Problem | KeyboardInterrupt):
        return
    raise Problem(
        f"{name} cannot be imported: {_headline(error)}",
        details=_own_traceback(error),
        hint='Whatever starts something belongs under: if __name__ == "__main__":'
        if isinstance(error, SystemExit) or "running event loop" in str(error)
        else hint,
    ) from error


def _headline(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _own_traceback(error: BaseException) -> str:
    told = traceback.TracebackException.from_exception(error)
    told.__cause__ = told.__context__ = None
    return own_frames("".join(told.format()))


def _whereabouts(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or "built into Python"
