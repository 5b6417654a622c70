"""The genetic summary tables of a study, read and set against each other.

Takes the files that `genetics` names; gives them as the synthesis uses them, and before a run every
error in them and how many variants each outcome can use.
"""

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from igfmood.cohort.read.paths import table_path
from igfmood.config.genetics import GeneticOutcome, Genetics, SummaryTable
from igfmood.config.load import config_error
from igfmood.config.study import Study
from igfmood.errors import DataError, NotEstimable
from igfmood.synthesis.mendelian.correlations import Correlations, read_correlations
from igfmood.synthesis.mendelian.harmonise import ENOUGH_FREQUENCIES, Harmonised
from igfmood.synthesis.mendelian.mr import (
    harmonised_instruments,
    mendelian_randomisation_correlated,
)
from igfmood.synthesis.mendelian.summary import read_summary

#: Fewer people than this are none that an association could come from.
_FEWEST = 4
#: Log odds of so many variants are never all positive with a median in this range: one copy of an
#: allele would multiply the odds by 2 to 4.
_ENOUGH_BETAS, _AROUND_ONE = 3, (0.8, 1.25)


@dataclass(frozen=True)
class Fit:
    """How the tables of exposure and outcome fit each other.

    Parameters
    ----------
    used, listed
        Variants that an estimate can use, of those that the exposure's table lists.
    compared
        Variants whose frequencies could be compared.
    reason
        Why there is no estimate; empty if there is one.
    """

    used: int
    listed: int
    compared: int
    reason: str = ""


@dataclass
class Examined:
    """What reading every genetic table of a study tells: errors, and outcome: fit."""

    problems: list[str] = field(default_factory=list)
    fits: dict[str, Fit] = field(default_factory=dict)


def refuse_wrong_tables(study: Study) -> None:
    """Refuse a study whose genetic tables cannot be used, before it runs.

    Raises
    ------
    ConfigError
        With every problem: file, line, column, value and remedy.
    """
    problems = examine_genetics(study).problems
    if problems:
        raise config_error(problems)


def examine_genetics(study: Study) -> Examined:
    """Read every genetic table of a study as a run does, and set outcomes against the exposure.

    Of a study without genetic tables there is nothing to say.
    """
    found = Examined()
    given = study.genetics
    if given is None:
        return found
    exposure, correlations, unsound = None, None, False
    try:
        exposure = read_exposure(study, given)
    except DataError as error:
        found.problems.append(f"genetics: exposure: {error}")
    try:
        correlations = read_study_correlations(study, given)
    except DataError as error:
        found.problems.append(f"genetics: correlation: {error}")
        unsound = True
    for outcome in given.outcomes:
        try:
            # Without an exposure nobody knows which lines are wanted: the columns are looked at.
            wanted: Collection[str] = () if exposure is None else set(exposure["variant"])
            table = read_outcome(study, outcome, wanted)
            if exposure is not None and not unsound:
                found.fits[outcome.name] = _fit(exposure, table, correlations, study.level)
        except DataError as error:
            found.problems.append(f"genetics: outcome {outcome.name!r}: {error}")
    return found


def _fit(
    exposure: pd.DataFrame, table: pd.DataFrame, correlations: Correlations | None, level: float
) -> Fit:
    try:
        pair = harmonised_instruments(exposure, table)
        if correlations is not None:
            pair = mendelian_randomisation_correlated(
                exposure, table, correlations, level
            ).harmonised
    except NotEstimable as error:
        return Fit(0, len(exposure), 0, error.reason)
    return Fit(len(pair.data), len(exposure), pair.compared)


def frequencies_compared(pair: Harmonised | Fit) -> str:
    """Return whether allele columns that are exchanged in one table would have been noticed."""
    if pair.compared >= ENOUGH_FREQUENCIES:
        return "variants whose frequencies were compared: exchanged allele columns would show"
    return (
        f"variants with frequencies in both tables, fewer than {ENOUGH_FREQUENCIES}: exchanged "
        "allele columns, which turn the sign of the estimate, could not be noticed"
    )


def read_exposure(study: Study, given: Genetics) -> pd.DataFrame:
    """Return the associations of variants with the analyte.

    Raises
    ------
    DataError
        Whatever is wrong with the file.
    """
    found = _read(study, given.exposure)
    if found.empty:
        path = table_path(study.data_root, given.exposure.table)
        raise DataError(f"{path} has no variants: save it again, with a line for each")
    return found


def read_outcome(study: Study, outcome: GeneticOutcome, variants: Collection[str]) -> pd.DataFrame:
    """Return the associations of these variants with an outcome.

    Raises
    ------
    DataError
        Whatever is wrong with the file; odds ratios that are declared as their logarithms.
    """
    found = _read(study, outcome, variants)
    beta = found["beta"]
    low, high = _AROUND_ONE
    if (
        "beta" in outcome.columns
        and len(beta) >= _ENOUGH_BETAS
        and (beta > 0).all()
        and low <= beta.median() <= high
    ):
        path = table_path(study.data_root, outcome.table)
        raise DataError(
            f"{path}, column {outcome.columns['beta']!r}: expected log odds, found {len(beta)} "
            f"values above 0 with median {beta.median():.3g}: these look like odds ratios; give "
            "the column as odds_ratio instead of beta"
        )
    return found


def read_study_correlations(study: Study, given: Genetics) -> Correlations | None:
    """Return the correlations of the variants, None if the study names none.

    Raises
    ------
    DataError
        As `read_correlations`.
    """
    named = given.correlation
    if named is None:
        return None
    return read_correlations(table_path(study.data_root, named.table), named.alleles)


def _read(
    study: Study, table: SummaryTable, variants: Collection[str] | None = None
) -> pd.DataFrame:  # fmt: skip
    """Return a summary table; whatever is wrong with the file is a `DataError`."""
    path = table_path(study.data_root, table.table)
    named: Mapping[str, str] = {str(meaning): name for meaning, name in table.columns.items()}
    try:
        found = read_summary(path, named, variants)
    except (OSError, EOFError, UnicodeError, zlib.error) as error:
        raise DataError(f"{path} cannot be read as a table: {error}; save it again") from error
    except TypeError as error:  # pandas takes the first field of longer lines for row names
        raise DataError(
            f"{path}: the lines have more fields than the first line has names: name every column, "
            "or take the separator off the ends of the lines"
        ) from error
    few = found[found["n"] < _FEWEST]
    if len(few):
        raise DataError(
            f"{path}, line {few.index[0]}: cases and controls are {few['n'].iloc[0]:g} people: "
            "correct or delete the line"
        )
    return found
