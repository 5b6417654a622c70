"""Laws of effects that show over visits: decline, and change within persons.

Takes a cohort's visits; gives the laws by which scores are drawn.
"""

import numpy as np
import pandas as pd

from igfmood.association.design import centred, complete_rows
from igfmood.association.sample import Values
from igfmood.association.visits import arms_of, visits_of, years_of
from igfmood.errors import NotEstimable
from igfmood.evidence.operating.ground import Ground
from igfmood.evidence.operating.laws import FloatArray, Law, WithinLaw, linear


def decline_law(ground: Ground) -> Law:
    """Return the law in which the yearly change of cognition rises by the effect with a score.

    Each person's change is the least-squares slope of their visits, in SDs of the first visit.

    Raises
    ------
    NotEstimable
        If cognition is not known at several visits.
    """
    first = ground.table[ground.first]
    table = visits_of(ground.table, "cognition_score")
    table["time"] = years_of(table, first.set_index("participant_id"))
    scale = float(first["cognition_score"].std(ddof=1))
    if not scale > 0:
        raise NotEstimable("cognition_score is not known, or does not vary, at the first visit")
    slopes = {str(who): _slope(of) / scale for who, of in table.groupby("participant_id")}
    people = ground.data.people
    found = people["participant_id"].map(slopes).to_numpy(float)
    covariates = ground.study.covariate_tiers[ground.study.main_tier]
    covariates = [name for name in covariates if name != "cognition_score"]
    known = complete_rows(people, [ground.study.analyte.sds, *covariates]) & np.isfinite(found)
    rows = np.flatnonzero(known)
    if len(rows) < 2 * ground.study.gates.group_size:
        raise NotEstimable(f"too few people with a change of cognition: {len(rows)}")
    values = Values(people)
    columns = [np.ones((len(people), 1)), *map(values.coded, covariates)]
    design = np.column_stack([np.ones(len(rows)), centred(np.hstack(columns)[rows])])
    return Law(rows, linear(found[rows].astype(np.float64), design))


def _slope(visits: pd.DataFrame) -> float:
    time, score = (visits[name].to_numpy(float) for name in ("time", "cognition_score"))
    about = time - time.mean()
    spread = float(about @ about)
    return float(about @ score) / spread if spread > 0 else float("nan")


def within_law(ground: Ground) -> WithinLaw:
    """Return the law in which symptoms of a person rise by the effect with the score of a visit.

    Raises
    ------
    NotEstimable
        If nobody has symptoms and the analyte at two visits.
    """
    table = ground.table
    if "phq9_total" not in table or table["visit"].nunique() < 2:
        raise NotEstimable("phq9_total is known at one visit only")
    known = (table["phq9_total"].notna() & table[ground.study.analyte.sds].notna()).to_numpy(bool)
    person = pd.factorize(table["participant_id"])[0]
    seen = np.bincount(person[known], minlength=person.max() + 1)
    rows = np.flatnonzero(known & (seen[person] > 1))
    if not len(rows):
        raise NotEstimable("nobody has the analyte and the PHQ-9 at two visits")
    moments = (arms_of(table) + "\n" + table["visit"].astype(str)).iloc[rows]
    codes = np.unique(person[rows], return_inverse=True)[1]
    columns = np.column_stack(
        [table["phq9_total"].to_numpy(float)[rows], pd.get_dummies(moments, dtype=float)]
    )
    about = columns - _means(columns, codes)[codes]
    y, x = about[:, 0], about[:, 1:]
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    df = len(rows) - (codes.max() + 1) - np.linalg.matrix_rank(x)
    if df < 1:
        raise NotEstimable("too few people whose symptoms are known at two visits")
    return WithinLaw(rows, left, float(left @ left) / df)


def _means(columns: FloatArray, codes: np.ndarray) -> FloatArray:
    """Return the mean of each person's rows, shape (persons, k)."""
    sums = np.zeros((codes.max() + 1, columns.shape[1]))
    np.add.at(sums, codes, columns)
    return np.asarray(sums / np.bincount(codes)[:, None])
