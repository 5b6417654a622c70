"""Where a number came from: digests of code and data, and versions.

Takes a stage's name or files; gives short digests that change when the code of that stage (or of
a stage it builds on) or the content of a file changes.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

#: The stages, in the order in which data flow. A stage builds on those before it.
STAGES = (
    "config", "cohort", "normalise", "impute", "association", "synthesis", "performance",
    "evidence", "report",
)  # fmt: skip

#: What a results table depends on, named in the report.
LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "statsmodels", "pyarrow", "snakemake")

_PACKAGE = Path(__file__).parent
#: Modules beside the stages that no number depends on: changing them must not repeat an analysis.
_NO_NUMBERS = {"cli.py", "compare.py", "document.py", "trace.py"}
#: Modules beside the stages that only later stages use, and the first that does.
_FIRST_USED = {"disclosure.py": "performance", "processes.py": "performance"}


@cache
def code_digest(stage: str) -> str:
    """Return a digest of the code behind a stage: its folder, those before it, shared modules."""
    folders = STAGES[: STAGES.index(stage) + 1]
    files = [
        path
        for path in _PACKAGE.glob("*.py")
        if path.name not in _NO_NUMBERS and _FIRST_USED.get(path.name, STAGES[0]) in folders
    ]
    for folder in folders:
        files += [path for path in (_PACKAGE / folder).rglob("*") if path.is_file()]
    sources = sorted(path for path in files if "__pycache__" not in path.parts)
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def file_digest(paths: Iterable[Path | str]) -> str:
    """Return a digest of the content of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]


def versions() -> dict[str, str]:
    """Return the versions of this package and of the libraries its numbers depend on."""
    from platform import python_version

    from igfmood import __version__

    found = {"igfmood": __version__, "python": python_version()}
    return found | {name: version(name) for name in LIBRARIES}
