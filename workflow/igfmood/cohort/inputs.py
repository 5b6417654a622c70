"""The tables of a study, checked before any job starts.

Takes the paths and column names of the configuration; gives cohorts whose wildcards are resolved,
or every missing file and column at once. No data are read.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from igfmood.cohort.read.files import column_problems, header
from igfmood.cohort.read.join import File, key_problems, locate, open_file, parts
from igfmood.cohort.read.paths import TEXT_ENDINGS, ending, table_path
from igfmood.config.base import Strict
from igfmood.config.cohort import Cohort
from igfmood.config.load import check_config, config_error
from igfmood.config.near import not_there
from igfmood.config.study import Study
from igfmood.config.table import TableFormat
from igfmood.config.yaml_file import repeated_keys
from igfmood.errors import DataError

__all__ = ["header", "input_problems", "load_study", "resolve", "table_path"]

#: Columns of a published reference (LMS).
REFERENCE_COLUMNS = ("sex", "age", "mu", "sigma", "nu")


def load_study(config: Mapping[str, Any], files: Sequence[Path | str] = ()) -> Study:
    """Check a configuration and every input path it names.

    Parameters
    ----------
    config
        The configuration as Snakemake has read it.
    files
        YAML files that it was read from: what a mapping no longer shows, a key that stands twice,
        is looked for in them.

    Raises
    ------
    ConfigError
        With all problems at once, one a line: of the keys, of the files and their columns, of the
        claims.
    """
    found = check_config(config)
    problems = [text for file in files for text in repeated_keys(file)] + list(found.problems)
    cohorts = [*found.cohorts, *found.in_part]
    problems += [text for c in cohorts for text in input_problems(c, found.data_root)]
    if found.study is not None:
        problems += genetics_problems(found.study)
    if found.study is None or problems:
        raise config_error(problems)
    return found.study


def genetics_problems(study: Study) -> list[str]:
    """Return which files of genetic tables are not there, or none that can be read."""
    problems = []
    for table in _genetic_tables(study):
        try:
            path = table_path(study.data_root, table)
        except DataError as error:
            problems.append(f"genetics: {error}")
            continue
        if ending(path) not in TEXT_ENDINGS:
            problems.append(
                f"genetics: table {table!r} must be text: save it as .csv, .tsv or .txt, plain "
                "or .gz"
            )
        elif not path.is_file():
            problems.append(f"genetics: {not_there(path, 'check data_root and table')}")
    return problems


def genetic_files(study: Study) -> list[Path]:
    """Return every file that the genetics of a study are read from."""
    return [table_path(study.data_root, table) for table in _genetic_tables(study)]


def _genetic_tables(study: Study) -> list[str]:
    if study.genetics is None:
        return []
    given = study.genetics
    tables = [given.exposure.table, *(outcome.table for outcome in given.outcomes)]
    return [*tables, given.correlation.table] if given.correlation else tables


def input_problems(cohort: Cohort, data_root: Path | str) -> list[str]:
    """Return what is wrong with a cohort's files and columns; empty when all is there."""
    return _examined(cohort, data_root)[1]


def resolve(cohort: Cohort, data_root: Path | str) -> Cohort:
    """Return the cohort as its files are: wildcards replaced, absent optional columns left out.

    Wildcards stand for the columns they match in the order of the files.

    Raises
    ------
    DataError
        With every missing file and column, one a line.
    """
    files, problems = _examined(cohort, data_root)
    if problems:
        raise DataError("\n".join(problems))
    return _with_columns(_without_absent(cohort, files), lambda names: _expanded(names, files))


def _examined(cohort: Cohort, data_root: Path | str) -> tuple[list[File], list[str]]:
    """Return the files of a cohort, and what is wrong with them and their columns."""
    problems: list[str] = []
    files: list[File] = []
    for part in parts(cohort):
        try:
            files.append(open_file(part, data_root))
        except DataError as error:
            problems.append(str(error))
    if not problems:
        problems += [text for file in files for text in key_problems(file, files[0])]
        known = _with_columns(_without_absent(cohort, files), lambda names: _expanded(names, files))
        problems += locate(known.source_columns(), files)[1]
    problems += _reference_problems(cohort, data_root) + _control_problems(cohort, data_root)
    return files, [f"cohort {cohort.name!r}: {problem}" for problem in problems]


def _reference_problems(cohort: Cohort, data_root: Path | str) -> list[str]:
    if cohort.reference.table is None:
        return []
    return _missing_from("reference", cohort.reference.table, REFERENCE_COLUMNS, data_root)


def _control_problems(cohort: Cohort, data_root: Path | str) -> list[str]:
    qc = cohort.assay_qc
    if qc is None:
        return []
    return _missing_from("assay_qc", qc.table, (qc.concentration, qc.days, qc.lot), data_root)


def _missing_from(
    entry: str, table: str, columns: Sequence[str], data_root: Path | str
) -> list[str]:
    """Return what is wrong with the columns of a file beside the cohort's own."""
    try:
        file = open_file((table, TableFormat(), None), data_root)
    except DataError as error:
        return [f"{entry}: {error}"]
    return [f"{entry}: {problem}" for problem in column_problems(columns, file.names, file.path)]


def _without_absent(cohort: Cohort, files: Sequence[File]) -> Cohort:
    """Return the cohort without the optional columns that no file has."""
    columns = {
        variable: entry
        for variable, entry in cohort.columns.items()
        if not entry.optional or any(file.offers(entry.column) for file in files)
    }
    return cohort.model_copy(update={"columns": columns})


def _expanded(names: Sequence[str], files: Sequence[File]) -> list[str]:
    """Return names with each wildcard replaced by what it stands for, if it stands for anything."""
    found: list[str] = []
    for name in names:
        if "*" not in name:
            found.append(name)
            continue
        table = name.rpartition("::")[0]
        prefix = f"{table}::" if table else ""
        matches = [f"{prefix}{column}" for file in files for column in file.offers(name)]
        found += matches or [name]
    return list(dict.fromkeys(found))


def _with_columns(cohort: Cohort, change: Callable[[Sequence[str]], list[str]]) -> Cohort:
    """Return the cohort with the columns of its codes changed: diagnosis, conditions, drugs."""

    def changed(entry: Strict | None) -> Strict | None:
        if entry is None:
            return None
        return entry.model_copy(update={"columns": change(getattr(entry, "columns"))})  # noqa: B009

    return cohort.model_copy(
        update={
            "diagnosis": [changed(entry) for entry in cohort.diagnosis],
            "conditions": changed(cohort.conditions),
            "medication": changed(cohort.medication),
        }
    )
