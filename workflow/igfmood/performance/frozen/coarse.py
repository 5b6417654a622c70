"""Numbers made so coarse that none of them is that of a few people.

Takes columns of training people and the smallest count that may be shown; gives percentiles, steps
of rounding, predictors without rare categories, and a joint normal distribution that gives no
small count away.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.disclosure import Sum, round_all, suppressed
from igfmood.errors import NotEstimable
from igfmood.performance.cohorts import names_of
from igfmood.performance.frozen.document import Counts, Distribution
from igfmood.performance.joint_normal import JointNormal

FloatArray = npt.NDArray[np.float64]

#: Outermost percentile, as a share.
_LEVEL = 0.01
#: Percentiles whose level is told. Finer steps would tell the number of people, and so how few of
#: them have no value.
_TOLD = (_LEVEL, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.49)
#: Multiples to which ages at the ends of a range are rounded, years.
_AGE_STEP = 5.0
#: Knots, tails and percentiles are rounded to about this part of an SD; means and SDs to a tenth.
_PART_OF_SD = 0.1


def nice_step(sd: float) -> float:
    """Return 1, 2 or 5 times a power of ten, not above a tenth of the SD; 1 where there is none."""
    if not sd > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(sd * _PART_OF_SD))
    times = sd * _PART_OF_SD / power
    return float(power * (5 if times >= 5 else 2 if times >= 2 else 1))


def round_to(value: float, step: float) -> float:
    """Return a multiple of a step, without the tail of digits that binary fractions bring."""
    return float(np.round(np.round(value / step) * step, 12))


def outer_level(n: int, min_cell: int) -> float:
    """Return the percentile, as a share, beyond which `min_cell` people lie, 1 % at least.

    Raises
    ------
    NotEstimable
        With too few people for a range.
    """
    level = max(_LEVEL, min_cell / n) if n else 1.0
    if level >= 0.5:
        raise NotEstimable(f"too few people for a model that may leave the study: {n} < "
                           f"{2 * min_cell + 1}")  # fmt: skip
    return level


def _told_level(n: int, min_cell: int) -> float:
    """Return a percentile at or inside the outer one whose level does not tell `n`."""
    level = outer_level(n, min_cell)
    return next((one for one in _TOLD if one >= level), level)


def age_range(age: FloatArray, min_cell: int) -> tuple[float, float]:
    """Return ages that stand for the youngest and the oldest: percentiles, in steps of 5 years."""
    known = age[np.isfinite(age)]
    level = outer_level(len(known), min_cell)
    low, high = np.quantile(known, [level, 1 - level])
    return (
        float(np.floor(low / _AGE_STEP) * _AGE_STEP),
        float((np.floor(high / _AGE_STEP) + 1) * _AGE_STEP),
    )


def distribution(values: FloatArray, min_cell: int) -> Distribution:
    """Return mean, SD and, unless the column is of 0 and 1, outer percentiles."""
    known = values[np.isfinite(values)]
    level = _told_level(len(known), min_cell)
    sd = float(known.std(ddof=1))
    step = nice_step(sd)
    mean, spread = round_to(float(known.mean()), step / 10), round_to(sd, step / 10)
    if set(np.unique(known)) <= {0.0, 1.0}:
        return Distribution(mean=mean, sd=spread)
    low, high = (round_to(float(q), step) for q in np.quantile(known, [level, 1 - level]))
    return Distribution(mean=mean, sd=spread, low=low, high=high, level=level)


def without_rare(
    predictors: pd.DataFrame, min_cell: int
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return predictors in which what fewer people have than may be shown counts as unknown.

    Parameters
    ----------
    predictors
        Columns as in `task_data.People.predictors`, n rows.
    min_cell
        Smallest count that may be shown.

    Returns
    -------
    predictors : DataFrame
        The same columns.
    kept : dict
        Categorical predictor: columns of the categories that enough people have; ``""`` is the
        first category (of a flag, no).
    """
    found = predictors.copy()
    kept: dict[str, list[str]] = {}
    every = [str(column) for column in predictors]
    for name in dict.fromkeys(column.split(":")[0] for column in every):
        columns = [column for column in every if column.split(":")[0] == name]
        values = predictors[columns].to_numpy(float)
        known = np.isfinite(values).all(axis=1)
        if not set(np.unique(values[known])) <= {0.0, 1.0}:
            continue
        members = {column: values[:, i] == 1 for i, column in enumerate(columns)}
        members = {"": known & ~np.any(list(members.values()), axis=0), **members}
        kept[name] = [column for column, who in members.items() if who.sum() >= min_cell]
        for column, who in members.items():
            if column not in kept[name]:
                found.loc[who, columns] = np.nan
    return found, kept


def coarse_gaps(gaps: JointNormal, predictors: pd.DataFrame, min_cell: int) -> JointNormal:
    """Return the same distribution by mean, SD and correlation, rounded.

    Two columns of 0 and 1 whose correlation would tell that a few people have both (or one and
    not the other) count as uncorrelated.
    """
    own = gaps.varies_
    spread = np.sqrt(np.diag(gaps.cov_))
    correlation = gaps.cov_ / np.outer(spread, spread)
    values = predictors.to_numpy(float)[:, own]
    for i, j in combinations(range(values.shape[1]), 2):
        if _tells_few(values[:, i], values[:, j], min_cell):
            correlation[i, j] = correlation[j, i] = 0.0
    mean, sd = gaps.center_.copy(), np.zeros(len(own))
    mean[own] += gaps.scale_[own] * gaps.mean_
    sd[own] = gaps.scale_[own] * spread
    steps = np.array([nice_step(each) / 10 for each in sd])
    return joint_normal(
        gaps.columns_,
        [
            round_to(m, step) if s > 0 else float(m)
            for m, s, step in zip(mean, sd, steps, strict=True)
        ],
        [round_to(s, step) if s > 0 else 0.0 for s, step in zip(sd, steps, strict=True)],
        _positive(correlation),
    )


def joint_normal(
    columns: Sequence[str], mean: Sequence[float], sd: Sequence[float], correlation: FloatArray
) -> JointNormal:
    """Return a fitted distribution of these numbers; the correlation is that of what varies."""
    gaps = JointNormal()
    gaps.columns_ = list(columns)
    gaps.center_, gaps.scale_ = np.array(mean, dtype=float), np.array(sd, dtype=float)
    gaps.varies_ = gaps.scale_ > 0
    gaps.mean_ = np.zeros(int(gaps.varies_.sum()))
    gaps.cov_ = correlation
    return gaps


def _tells_few(a: FloatArray, b: FloatArray, min_cell: int) -> bool:
    known = np.isfinite(a) & np.isfinite(b)
    if not all(set(np.unique(x[known])) <= {0.0, 1.0} for x in (a, b)):
        return False
    cells = [int(((a == x) & (b == y)).sum()) for x in (0, 1) for y in (0, 1)]
    return any(suppressed(n, min_cell) for n in cells)


def _positive(correlation: FloatArray) -> FloatArray:
    """Return a rounded correlation matrix, drawn towards independence until it is one."""
    identity = np.eye(len(correlation))
    share = 0.0
    while True:
        found = np.round((1 - share) * correlation + share * identity, 3)
        np.fill_diagonal(found, 1.0)
        if not len(found) or np.linalg.eigvalsh(found).min() > 1e-4:
            return found
        share = min(1.0, 2 * share + 0.001)


def training_counts(
    y: FloatArray, cohort: npt.NDArray[np.str_], classes: Sequence[str], min_cell: int
) -> tuple[Counts, dict[str, Counts]]:
    """Return people and classes, in all and by cohort, rounded.

    Beside the groups of the report an exact number would give back how few lack the analyte.
    """
    names = names_of(cohort)
    counts = {
        _key(name, c): int(((cohort == name) & (y == i)).sum())
        for name in names for i, c in enumerate(classes)
    }  # fmt: skip
    cells = list(product(names, classes))
    sums = [
        *(Sum(_key(name), tuple(_key(name, c) for c in classes)) for name in names),
        *(Sum(_key("", c), tuple(_key(name, c) for name in names)) for c in classes),
        Sum(_key(""), tuple(_key(name, c) for name, c in cells)),
    ]
    totals = {one.total: sum(counts[part] for part in one.parts) for one in sums}
    forms = round_all({**counts, **totals}, sums, min_cell)
    told = {
        name: Counts(
            n=forms[_key(name)].text, classes={c: forms[_key(name, c)].text for c in classes}
        )
        for name in ["", *names]
    }
    return told.pop(""), told


def _key(cohort: str, part: str = "") -> str:
    return f"{cohort}\0{part}"


def steps_of(columns: Mapping[str, FloatArray]) -> dict[str, float]:
    """Return to multiples of what knots of each column are rounded."""
    return {name: nice_step(float(values.std(ddof=1))) for name, values in columns.items()}
