"""What only an extra of the distribution brings: where it is missing, the import says what to install."""

from collections.abc import Collection, Generator
from contextlib import contextmanager


@contextmanager
def importing(package: str, brought: Collection[str]) -> Generator[None]:
    """Around the imports of a package of this library that needs the extra of its name.

    Raises `ModuleNotFoundError` that names the extra if one of the packages that it brings is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in brought:
            raise
        raise ModuleNotFoundError(
            f"outlast.{package} needs {missing}, which is not installed. "
            f'Install the extra: pip install "outlast[{package}]".',
            name=missing,
        ) from error
