"""Scoring the PHQ-9.

Takes nine items, a total, or both as text; gives the items 0-3, the total 0-27, where the total
came from, and what is derived from them (severity, DSM algorithm, PHQ-8, PHQ-2, two sums).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from igfmood.cohort.questionnaires.answers import read_items, read_total
from igfmood.cohort.questionnaires.missing_items import MAX_MISSING, fill_items
from igfmood.cohort.table import RawTable
from igfmood.cohort.values import Parsed, problems_at, spread, to_number, together
from igfmood.config.questionnaire import Phq9
from igfmood.config.vocabulary import PHQ9_ITEMS, SCALES
from igfmood.errors import ConfigError

HIGHEST = 27
#: Lowest total of each severity (Kroenke 2001).
SEVERITIES = {0: "none", 5: "mild", 10: "moderate", 15: "moderately_severe", 20: "severe"}
#: Sums of items that are all answered.
_SUMS = {
    "phq8_total": PHQ9_ITEMS[:8],
    "phq2_total": PHQ9_ITEMS[:2],
    "phq9_cognitive": ("phq1", "phq2", "phq6", "phq9"),
    "phq9_somatic": ("phq3", "phq4", "phq5"),
}
_WORDS = ("phq9_source", "phq9_severity", "phq9_dsm")
COLUMNS = (
    "phq9_total", "phq9_n_missing", "phq9_source", "phq9_severity", "phq9_dsm", *_SUMS,
    "phq9_total_given",
)  # fmt: skip


def score_phq9(
    raw: RawTable, entry: Phq9, missing_codes: Sequence[str]
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Score the PHQ-9 of every row.

    Parameters
    ----------
    raw
        Table of text with the questionnaire's columns.
    entry
        Which columns, missing codes and rule.
    missing_codes
        Missing codes of the whole table.

    Returns
    -------
    scored : DataFrame
        ``phq1`` … ``phq9`` (only where items are given; as answered), ``phq9_total`` (points,
        0-27), ``phq9_n_missing``, ``phq9_source`` (complete, prorated, imputed, given,
        ``converted:<scale>``; empty if no total), ``phq9_severity`` (none, mild, moderate,
        moderately_severe, severe; never of a conversion), ``phq9_dsm`` (none, other, major; empty
        where missing items leave it open), ``phq8_total``, ``phq2_total``, ``phq9_cognitive``
        (items 1, 2, 6, 9), ``phq9_somatic`` (3, 4, 5), and ``phq9_total_given`` (the total that
        stands beside items).
    parsed : list of Parsed
        The columns as read, with their problems.

    Raises
    ------
    DataError
        If the items are plainly coded 1 to 4.
    ConfigError
        If the crosswalk leads to something that is no total of the PHQ-9.
    """
    codes = [*missing_codes, *entry.missing]
    if not entry.items:
        return _from_total(raw, entry, codes)
    parsed = read_items(raw, entry, codes)
    items = {name: p.values for name, p in zip(PHQ9_ITEMS, parsed, strict=True)}
    answers = np.column_stack([item.to_numpy() for item in items.values()])
    scored = _total(answers, entry.rule, raw.index)
    scored["phq9_severity"] = _severity(scored["phq9_total"], raw.index)
    scored["phq9_dsm"] = _dsm(answers, raw.index)
    for name, part in _SUMS.items():
        scored[name] = answers[:, [PHQ9_ITEMS.index(item) for item in part]].sum(axis=1)
    scored["phq9_total_given"] = np.full(len(answers), np.nan)
    if entry.total is not None:
        given = read_total(raw, entry.total, codes, HIGHEST)
        scored["phq9_total_given"] = given.values
        differ = _disagreements(raw[entry.total], answers.sum(axis=1), given)
        parsed += [given, Parsed(given.values, differ)]
    columns = items | {name: scored[name] for name in COLUMNS}
    return pd.DataFrame(columns, index=raw.index, copy=False), parsed


def no_phq9(index: pd.Index) -> pd.DataFrame:
    """Return the columns of the PHQ-9 where it was not asked."""
    nothing = spread([""], np.zeros(len(index), dtype=int), index)
    return pd.DataFrame(
        {name: nothing if name in _WORDS else np.nan for name in COLUMNS}, index=index
    )


def _severity(total: np.ndarray, index: pd.Index) -> pd.Series:
    starts = np.array(list(SEVERITIES))
    band = np.searchsorted(starts, np.nan_to_num(total), side="right") - 1
    band = np.where(np.isnan(total), len(starts), band)
    return spread([*SEVERITIES.values(), ""], band, index)


def _total(values: np.ndarray, rule: str, index: pd.Index) -> dict[str, Any]:
    """Return total, missing items and source, by column."""
    n_missing = np.isnan(values).sum(axis=1)
    total = np.where(n_missing == 0, values.sum(axis=1), np.nan)
    source = np.where(n_missing == 0, 1, 0)
    holes = (n_missing > 0) & (n_missing <= MAX_MISSING)
    if rule == "prorate":
        answered = len(PHQ9_ITEMS) - n_missing[holes]
        mean = np.nansum(values[holes], axis=1) / answered
        total[holes] = np.floor(mean * len(PHQ9_ITEMS) + 0.5)
        source[holes] = 2
    elif rule == "impute":
        filled = fill_items(values).sum(axis=1)
        holes &= ~np.isnan(filled)
        total[holes], source[holes] = filled[holes], 3
    return {
        "phq9_total": total, "phq9_n_missing": n_missing.astype(float),
        "phq9_source": spread(["", "complete", "prorated", "imputed"], source, index),
    }  # fmt: skip


def _dsm(values: np.ndarray, index: pd.Index) -> pd.Series:
    """Return the DSM algorithm: none, other (2-4 symptoms) or major (5 or more).

    A symptom counts from "more than half the days", thoughts of death from "several days"; one of
    the first two must be among them (Spitzer 1999; UK Biobank's derivation). Open where answers to
    the missing items would change it.
    """
    gone = np.isnan(values)
    low = _dsm_level(np.where(gone, 0, values))
    decided = ~gone.all(axis=1)
    open_rows = np.flatnonzero(gone.any(axis=1))
    high = _dsm_level(np.where(gone[open_rows], 3, values[open_rows]))
    decided[open_rows] &= low[open_rows] == high
    return spread(["none", "other", "major", ""], np.where(decided, low, 3), index)


def _dsm_level(values: np.ndarray) -> np.ndarray:
    symptoms = values >= np.array([2] * 8 + [1])
    count = symptoms.sum(axis=1)
    core = symptoms[:, :2].any(axis=1)
    return np.select([core & (count >= 5), core & (count >= 2)], [2, 1], 0)


def _disagreements(column: pd.Series, total: np.ndarray, given: Parsed) -> pd.DataFrame:
    """Return the rows whose complete items sum to something else than the total says."""
    said = given.values.to_numpy(float)
    differ = ~np.isnan(total) & ~np.isnan(said) & (total != said)
    reasons = [
        f"items sum to {ours:g}, total says {theirs:g}"
        for ours, theirs in zip(total[differ], said[differ], strict=True)
    ]
    return problems_at(column, differ, "").assign(reason=reasons)


def _from_total(
    raw: RawTable, entry: Phq9, codes: Sequence[str]
) -> tuple[pd.DataFrame, list[Parsed]]:
    name = str(entry.total)
    if entry.crosswalk:
        parsed = _converted(raw, name, entry, codes)
    else:
        parsed = read_total(raw, name, codes, HIGHEST)
    source = f"converted:{entry.converted_from}" if entry.converted_from else "given"
    total = parsed.values.to_numpy(float)
    known = ~np.isnan(total)
    # A conversion has no severity of its own.
    graded = np.full(len(total), np.nan) if entry.converted_from else total
    scored = no_phq9(raw.index).assign(
        phq9_total=total,
        phq9_source=spread(["", source], known.astype(int), raw.index),
        phq9_severity=_severity(graded, raw.index),
    )
    return scored, [parsed]


def _converted(raw: RawTable, name: str, entry: Phq9, codes: Sequence[str]) -> Parsed:
    """Return the totals of another scale as the crosswalk turns them into PHQ-9 totals."""
    table = {to_number(key): to_number(value) for key, value in entry.crosswalk.items()}
    wrong = {k: v for k, v in entry.crosswalk.items() if to_number(v) not in range(HIGHEST + 1)}
    if wrong:
        raise ConfigError(f"phq9.crosswalk {wrong}: a total of the PHQ-9 is 0 to {HIGHEST}")
    read = read_total(raw, name, codes, SCALES[str(entry.converted_from)])
    values = read.values.map(table).astype(float)
    unlisted = read.values.notna() & values.isna()
    found = problems_at(raw[name], unlisted, "is not listed in phq9.crosswalk")
    return Parsed(values, together([read.problems, found]))
