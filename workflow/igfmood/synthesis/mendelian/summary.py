"""Reading the summary table of a genome-wide study.

Takes: a text table (comma, tab or blanks; may be gzipped) and which column means what.
Gives: a frame of checked associations, one row per row of the file that is wanted.
"""

import gzip
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from igfmood.errors import ConfigError, DataError

NEEDED = ("variant", "effect_allele", "other_allele", "se")
EFFECTS = ("beta", "odds_ratio")
OPTIONAL = ("eaf", "p", "n", "n_cases", "n_controls")
CHUNK_ROWS = 200_000

#: Column: what it must be, and the test of it.
_RULES = {
    "beta": ("a number", lambda x: np.isfinite(x)),
    "odds_ratio": ("a number above 0", lambda x: np.isfinite(x) & (x > 0)),
    "se": ("a number above 0", lambda x: np.isfinite(x) & (x > 0)),
    "eaf": ("a frequency between 0 and 1", lambda x: (x >= 0) & (x <= 1)),
    "p": ("a probability between 0 and 1", lambda x: (x >= 0) & (x <= 1)),
    "n": ("a number of people above 3", lambda x: np.isfinite(x) & (x > 3)),
    "n_cases": ("a number of people", lambda x: np.isfinite(x) & (x >= 0)),
    "n_controls": ("a number of people", lambda x: np.isfinite(x) & (x >= 0)),
}


def read_summary(
    path: Path | str, columns: Mapping[str, str], variants: Collection[str] | None = None
) -> pd.DataFrame:
    """Read and check a summary table.

    Parameters
    ----------
    path : Path or str
        Text; ``.gz`` or not; lines that begin with ``##`` are passed over.
    columns : mapping
        What a column means to its name in the file: `variant`, `effect_allele`, `other_allele`,
        `se` and either `beta` or `odds_ratio` (`se` is then that of its logarithm); optional
        `eaf` (frequency of the effect allele), `p`, and `n`, or `n_cases` with `n_controls`.
    variants : collection of str, optional
        Keep only these; all if left out. Other rows are not checked.

    Returns
    -------
    DataFrame
        Columns `variant`, `effect_allele`, `other_allele` (capitals), `beta`, `se`, `eaf`, `p`,
        `n`; what the file does not have is missing. The index is the line in the file.

    Raises
    ------
    ConfigError
        `columns` lacks a meaning or holds one that is not known.
    DataError
        No such file or column; a value that cannot be (file, line, column, value, remedy).
    """
    file = Path(path)
    _check_meanings(file, columns)
    text = pd.concat(_chunks(file, columns, variants))
    for name in ("variant", "effect_allele", "other_allele"):
        _refuse(file, columns[name], text[name], text[name] == "", "a name")
    table = text[["variant"]].copy()
    for name in ("effect_allele", "other_allele"):
        table[name] = text[name].str.upper()
    numbers = {name: _numbers(file, columns[name], name, text[name]) for name in columns
               if name in _RULES}  # fmt: skip
    beta = numbers["beta"] if "beta" in numbers else np.log(numbers["odds_ratio"])
    n = numbers.get("n")
    if n is None and "n_cases" in numbers:
        n = numbers["n_cases"] + numbers["n_controls"]
    return table.assign(
        beta=beta, se=numbers["se"], eaf=numbers.get("eaf", np.nan), p=numbers.get("p", np.nan),
        n=np.nan if n is None else n,
    )  # fmt: skip


def _check_meanings(file: Path, columns: Mapping[str, str]) -> None:
    known = (*NEEDED, *EFFECTS, *OPTIONAL)
    problems = [f"{name!r} is not known" for name in columns if name not in known]
    problems += [f"{name!r} is missing" for name in NEEDED if name not in columns]
    if sum(name in columns for name in EFFECTS) != 1:
        problems.append("one of 'beta' and 'odds_ratio' is needed")
    if ("n_cases" in columns) != ("n_controls" in columns):
        problems.append("'n_cases' and 'n_controls' go together")
    if problems:
        raise ConfigError(f"columns of {file}: {'; '.join(problems)}; known are {', '.join(known)}")


def _chunks(
    file: Path, columns: Mapping[str, str], variants: Collection[str] | None
) -> Iterator[pd.DataFrame]:
    """Yield the wanted rows and columns as text, under their meanings, indexed by line."""
    if not file.is_file():
        raise DataError(f"{file} is not there: correct the path of the summary table")
    with opened(file) as stream:
        first, passed = stream.readline(), 0
        while first.startswith("##"):
            first, passed = stream.readline(), passed + 1
    separator = "\t" if "\t" in first else "," if "," in first else r"\s+"
    with opened(file) as stream:
        try:
            reader = pd.read_csv(
                stream, sep=separator, skiprows=passed, dtype=str, keep_default_na=False,
                chunksize=CHUNK_ROWS, skip_blank_lines=False,
                usecols=lambda name: name.strip() in columns.values(),
            )  # fmt: skip
            for chunk in reader:
                given = chunk.rename(columns=str.strip)
                _require_columns(file, first, columns, given)
                given.index += passed + 2
                if variants is not None:
                    given = given[given[columns["variant"]].str.strip().isin(variants)]
                chosen = pd.DataFrame(
                    {meaning: given[name].str.strip() for meaning, name in columns.items()}
                )
                yield chosen[(chosen != "").any(axis=1)]
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise DataError(f"{file} cannot be read as a table: {error}; save it again") from error


def opened(file: Path) -> TextIO:
    """Open a text file that may be gzipped, whatever its name says."""
    with file.open("rb") as start:
        zipped = start.read(2) == b"\x1f\x8b"
    if zipped:
        return gzip.open(file, "rt", encoding="utf-8-sig")
    return file.open(encoding="utf-8-sig")


def _require_columns(
    file: Path, first: str, columns: Mapping[str, str], given: pd.DataFrame
) -> None:
    absent = [name for name in columns.values() if name not in given]
    if absent:
        raise DataError(
            f"{file} has no column {', '.join(map(repr, absent))}; its first line is "
            f"{first.strip()[:200]!r}: correct `columns`"
        )


def _numbers(file: Path, column: str, meaning: str, text: pd.Series) -> pd.Series:
    expected, allowed = _RULES[meaning]
    values = pd.to_numeric(text, errors="coerce")
    wrong = ~allowed(values)
    if meaning in ("eaf", "p"):
        # May be left blank: without them a variant is judged by what is there.
        wrong &= ~text.isin(["", "NA", ".", "nan", "NaN"])
    _refuse(file, column, text, wrong, expected)
    return values


def _refuse(file: Path, column: str, text: pd.Series, wrong: pd.Series, expected: str) -> None:
    if wrong.any():
        line = text.index[int(np.argmax(wrong))]
        raise DataError(
            f"{file}, line {line}, column {column!r}: expected {expected}, found "
            f"{text.loc[line]!r} ({int(wrong.sum())} such lines): correct or delete them"
        )
