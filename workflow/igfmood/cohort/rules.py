"""Inclusion and exclusion, as data.

Takes participants and the rules of a cohort; gives the rule that excluded each row. Rules are
applied in order: inclusion first, and a row counts for the first rule that leaves it out.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from igfmood.cohort.values import normal_code
from igfmood.config.cohort import Cohort
from igfmood.config.rules import Rule
from igfmood.config.study import Analyte
from igfmood.errors import DataError


def not_applicable(
    participants: pd.DataFrame, cohort: Cohort, rows: np.ndarray | None = None
) -> dict[str, str]:
    """Return known exclusions whose variable is missing throughout `rows`: rule, variable."""

    def unknown(name: str) -> bool:
        if name not in participants:
            return True
        known = participants[name].notna().to_numpy(bool)
        return not (known if rows is None else known & rows).any()

    rules = [rule for rule in cohort.exclude if rule.known]
    return {rule.name: rule.variable for rule in rules if unknown(rule.variable)}


def excluded_by(
    participants: pd.DataFrame, cohort: Cohort, analyte: Analyte, idle: Mapping[str, str]
) -> pd.Series:
    """Return the name of the rule that excludes each row, empty for rows that stay.

    A missing value fails an inclusion rule and never meets an exclusion rule, unless the rule
    asks for missing values.

    Parameters
    ----------
    participants
        Rows with the columns that the rules are about, shape (n_rows, ...).
    cohort, analyte
        Their entries in the configuration.
    idle
        Rules that are `not_applicable`.

    Raises
    ------
    DataError
        If a rule of the study is about an optional column that the files do not have.
    """
    names, order = [""], np.zeros(len(participants), dtype=np.intp)
    _require_variables(participants, cohort)
    rules = [(r, True) for r in cohort.include]
    rules += [(r, False) for r in cohort.exclude if r.name not in idle]
    for rule, wanted in rules:
        met = rule_met(participants, rule, analyte)
        leaves = ~met if wanted else met
        order[(order == 0) & leaves] = len(names)
        names.append(rule.name)
    reason = np.array(names, dtype=object)[order]
    return pd.Series(reason, index=participants.index, dtype=object)


def _require_variables(participants: pd.DataFrame, cohort: Cohort) -> None:
    for rule in (*cohort.include, *cohort.exclude):
        if not rule.known and rule.variable != "analyte" and rule.variable not in participants:
            raise DataError(
                f"cohort {cohort.name!r}: rule {rule.name!r} is about {rule.variable}, and no file "
                "of the cohort has its column: name another column, or leave the rule out"
            )


def rule_met(participants: pd.DataFrame, rule: Rule, analyte: Analyte) -> np.ndarray:
    """Return which rows meet the condition of a rule (bool, shape (n_rows,))."""
    name = analyte.value if rule.variable == "analyte" else rule.variable
    values = participants[name]
    absent = values.isna().to_numpy(bool)
    if rule.variable == "analyte":
        absent = absent & ~participants[analyte.below_lod].to_numpy(bool)
    if rule.missing is not None:
        return absent == rule.missing
    if rule.equals is not None:
        met = _equals(values, rule.equals) & ~absent
        # A subtype such as bipolar_2 is a diagnosis too.
        return (
            met | _equals(participants["dx_subtype"], rule.equals) if name == "diagnosis" else met
        )
    numbers = values.to_numpy(float, na_value=np.nan)
    return numbers < rule.below if rule.below is not None else numbers >= rule.at_least


def _equals(values: pd.Series, codes: list[str]) -> np.ndarray:
    wanted = {normal_code(code) for code in codes}
    if values.dtype == "boolean":
        yes = values.to_numpy(bool, na_value=False)
        return np.where(yes, "yes" in wanted, "no" in wanted)
    places, distinct = pd.factorize(values.array)
    found = [normal_code(str(value)) in wanted for value in distinct]
    # The last answer is that of missing values, whose place is -1.
    return np.array([*found, "" in wanted], dtype=bool)[places]
