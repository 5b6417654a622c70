"""`igfmood init`: from tables to a study file.

Takes paths of tables; gives what was recognised and the text of the study file. Nothing is written
here that a table without people could leave behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from igfmood.errors import ConfigError
from igfmood.files import write_text
from igfmood.intake.recognise import Recognised
from igfmood.intake.tables import data_root, read_tables, recognise_tables
from igfmood.intake.write import slug, study_text


@dataclass(frozen=True)
class Draft:
    """A study file that is not written yet, and what it was made of."""

    path: Path
    text: str
    cohorts: Mapping[str, Recognised]

    def write(self, force: bool = False) -> None:
        """Write the study file.

        Raises
        ------
        ConfigError
            If the file is there and `force` was not given.
        """
        if self.path.exists() and not force:
            raise ConfigError(f"{self.path} is there: give another name with -o, or --force")
        write_text(self.text, self.path)


def draft(
    tables: Sequence[Path], analyte: str = "igf1", name: str = "", study: str = "",
    output: Path | None = None,
) -> Draft:  # fmt: skip
    """Recognise tables and draft their study file.

    Parameters
    ----------
    tables
        Paths; the first one that others share a key with is the cohort's own.
    analyte
        One of `ANALYTES`.
    name
        Name of the cohort; of several they are numbered. Default: the file's name.
    study
        Name of the study. Default: that of `output`, else what the names of the cohorts share.
    output
        Where the file goes. Default: ``config/<study>.yaml``, or ``<study>.yaml`` where there is no
        folder ``config``.

    Raises
    ------
    DataError
        If a table cannot be read, or holds no people.
    """
    root = data_root(tables)
    found = recognise_tables(read_tables(tables, root), analyte)
    cohorts = dict(zip(_names(found, slug(name) if name else ""), found, strict=True))
    title = slug(study or (output.stem if output else _in_common(list(cohorts))))
    default = Path("config") if Path("config").is_dir() else Path(".")
    path = output or default / f"{title}.yaml"
    text = study_text(cohorts, title, root.as_posix(), analyte, path.as_posix())
    return Draft(path, text, cohorts)


def _in_common(names: Sequence[str]) -> str:
    """Return the name of one cohort, or how the names of several begin."""
    if len(names) == 1:
        return names[0]
    first, last = min(names), max(names)
    alike = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[:alike].rstrip("0123456789_-") or "study"


def _names(found: Sequence[Recognised], given: str) -> list[str]:
    """Return one name a cohort, none twice."""
    stems = [given or slug(Path(item.table).name.split(".")[0]) for item in found]
    names: list[str] = []
    for stem in stems:
        name, number = stem, 1
        while name in names or (stems.count(stem) > 1 and name == stem) or name == "pooled":
            name, number = f"{stem[:37]}_{number}", number + 1
        names.append(name)
    return names
