"""How many people of two tables coincide, and how many would by chance.

Takes sex, age and a key or a value of the people in each table; gives the number that coincide,
the number expected if the tables hold different people, and the probability of so many.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Two ages of one person, taken at two occasions or rounded twice, may differ by this many years.
AGE_TOLERANCE = 1.0
#: Width of the bands of age within which values are taken to be distributed alike.
_BAND = 10.0
#: Where a decade tells nothing, all ages do; values of one age are that much more alike than those
#: of all ages (1.3 times in adults, up to 2 around puberty).
_ALL_AGES = 2.0
#: Values are compared to this many significant digits: a conversion of units leaves no more.
_DIGITS = 6
#: Ages are compared with the decimals of the coarser table, and never with more than these.
_AGE_DECIMALS = 2


@dataclass(frozen=True)
class Coincidence:
    """People who coincide in two tables.

    Parameters
    ----------
    observed, n
        So many of the `n` that could (the smaller table, or the shared keys).
    expected
        So many would if the tables held different people.
    p
        Probability of `observed` or more then.
    """

    observed: int
    n: int
    expected: float
    p: float


def same_people_behind_keys(first: pd.DataFrame, second: pd.DataFrame) -> Coincidence:
    """Count the keys that two tables share and whose people agree in sex and age.

    Numbers from 1 on are keys of any two tables. What strangers would agree in is estimated twice
    from those who share a key, and the larger counts: by pairing all with all, and by pairing each
    with the neighbours of the other, because two tables may be sorted alike (by group or age).

    The tables may be two visits of one study: the ages are compared as they stand, and again with
    those of the second table moved by the median difference between the two ages behind one key.
    What speaks more for the same people counts.

    Parameters
    ----------
    first, second
        Columns ``participant_id`` (unique), ``sex`` and ``age_years``, one row per person.

    Returns
    -------
    Coincidence
        Binomial tail of the agreements among the shared keys of known sex and age.
    """
    columns = ["participant_id", "sex", "age_years"]
    known = [table[columns].dropna() for table in (first, second)]
    shared = known[0].merge(known[1], on="participant_id", suffixes=("_1", "_2"))
    if shared.empty:
        return Coincidence(0, 0, 0.0, 1.0)
    codes, _ = pd.factorize(pd.concat([shared["sex_1"], shared["sex_2"]]))
    n = len(shared)
    sexes = codes[:n], codes[n:]
    first_age, second_age = (shared[f"age_years_{table}"].to_numpy(float) for table in (1, 2))
    years = float(np.median(second_age - first_age))
    as_they_stand = _agreement(sexes, (first_age, second_age))
    if abs(years) <= AGE_TOLERANCE:
        return as_they_stand
    moved = _agreement(sexes, (first_age, second_age - years))
    return min(as_they_stand, moved, key=lambda found: (found.p, -found.observed))


_Pair = tuple[np.ndarray, np.ndarray]


def _agreement(sexes: _Pair, ages: _Pair) -> Coincidence:
    """Return how many of those who share a key agree in sex and age, and how many would."""
    from scipy.special import bdtrc

    n = len(sexes[0])
    observed = int(_agree(sexes, ages, 0).sum())
    chance = max(_agreement_of_all(sexes, ages), _agreement_of_neighbours(sexes, ages))
    p = float(bdtrc(observed - 1, n, chance)) if observed else 1.0
    return Coincidence(observed, n, n * chance, p)


def _agree(sexes: _Pair, ages: _Pair, shift: int) -> np.ndarray:
    """Return who agrees in sex and age with the person `shift` rows further in the second table."""
    sex, age = np.roll(sexes[1], -shift), np.roll(ages[1], -shift)
    return np.asarray((sexes[0] == sex) & (np.abs(ages[0] - age) <= AGE_TOLERANCE))


def _agreement_of_all(sexes: _Pair, ages: _Pair) -> float:
    """Share of all pairs (first × second) that agree."""
    pairs = 0
    for sex in np.unique(sexes[0]):
        others = np.sort(ages[1][sexes[1] == sex])
        own = ages[0][sexes[0] == sex]
        pairs += int(
            (
                np.searchsorted(others, own + AGE_TOLERANCE, side="right")
                - np.searchsorted(others, own - AGE_TOLERANCE, side="left")
            ).sum()
        )
    return pairs / len(ages[0]) / len(ages[1])


def _agreement_of_neighbours(sexes: _Pair, ages: _Pair) -> float:
    shifts = [shift for shift in (-3, -2, -1, 1, 2, 3) if abs(shift) < len(ages[0])]
    return float(np.mean([_agree(sexes, ages, shift).mean() for shift in shifts] or [0.0]))


def identical_rows(first: pd.DataFrame, second: pd.DataFrame) -> Coincidence:
    """Count the rows of two tables that are the same in value, age and sex.

    Parameters
    ----------
    first, second
        Columns ``value`` (above 0), ``age_years`` and ``sex``, one row per person, none missing.

    Returns
    -------
    Coincidence
        `observed` rows can be paired one to one. `expected` is what people of the same sex and
        decade but another age lead to: they are others for certain, and their values are
        distributed alike (where they are too few: people of all other ages, twice). Poisson tail.

    Notes
    -----
    Of c people in the first table with one value, age and sex, at most min(c, m) coincide, where m
    people of that age and sex are expected to have the value in the second table; m is their
    number times the share of the value in the rest of the decade. The sum over values bounds the
    expectation from above, so that values rounded to few digits are no evidence. Both directions
    are worked out, and the larger counts.
    """
    from scipy.special import pdtrc

    cells = _count(first, second)
    observed = int(np.minimum(cells["n1"], cells["n2"]).sum())
    expected = max(_expected(cells, "n1", "n2"), _expected(cells, "n2", "n1"))
    p = float(pdtrc(observed - 1, expected)) if observed else 1.0
    return Coincidence(observed, min(len(first), len(second)), expected, p)


def _count(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return people per sex, age and value in each table: columns sex, band, age, value, n1, n2."""
    decimals = min(_age_decimals(first["age_years"]), _age_decimals(second["age_years"]))
    both = pd.concat([first, second], ignore_index=True)
    age = _completed(both["age_years"].to_numpy(float), decimals)
    in_first = np.arange(len(both)) < len(first)
    people = pd.DataFrame(
        {
            "sex": pd.factorize(both["sex"])[0],
            "band": np.floor(age / 10**decimals / _BAND).astype(np.int64),
            "age": age,
            "value": pd.factorize(_significant(both["value"].to_numpy(float)))[0],
            "n1": in_first.astype(np.int64),
            "n2": (~in_first).astype(np.int64),
        }
    )
    keys = ["sex", "band", "age", "value"]
    return people.groupby(keys, sort=False)[["n1", "n2"]].sum().reset_index()


def _expected(cells: pd.DataFrame, own: str, other: str) -> float:
    """Return an upper bound of the coincidences of strangers, seen from one table."""
    n_own, n_other = cells[own].to_numpy(float), cells[other].to_numpy(float)
    in_age = _total(cells, ["sex", "band", "age"], other)
    # Where nobody else can tell how values are distributed, what is found is what is expected.
    expected, elsewhere = n_other, np.zeros(len(cells))
    for strata, allowance in ((["sex"], _ALL_AGES), (["sex", "band"], 1.0)):
        others = _total(cells, strata, other) - in_age
        same_value = _total(cells, [*strata, "value"], other) - n_other
        # Fewer others than people of this age would be a lottery: one band of age fills a decade.
        enough = (others > 0) & (others >= in_age)
        with np.errstate(invalid="ignore", divide="ignore"):
            alike = allowance * in_age * same_value / others
        expected = np.where(enough, alike, expected)
        elsewhere = np.where(enough, others, elsewhere)
    # None seen among few pairs does not mean that there can be none: one more is allowed for.
    one_more = float((n_own * in_age).sum() / max((n_own * elsewhere).sum(), 1.0))
    return float(np.minimum(n_own, expected).sum()) + one_more


def _total(cells: pd.DataFrame, keys: list[str], count: str) -> np.ndarray:
    return cells.groupby(keys, sort=False)[count].transform("sum").to_numpy(float)


def _age_decimals(age: pd.Series) -> int:
    values = age.to_numpy(float)
    for decimals in range(_AGE_DECIMALS):
        scaled = values * 10**decimals
        if (np.abs(scaled - np.rint(scaled)) < 1e-6).all():
            return decimals
    return _AGE_DECIMALS


def _completed(age: np.ndarray, decimals: int) -> np.ndarray:
    """Return ages in completed units of the last decimal: 40.9 years are 40."""
    return np.floor(age * 10**decimals + 1e-6).astype(np.int64)


def _significant(values: np.ndarray) -> np.ndarray:
    scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(values)))
    return np.asarray(np.rint(values * scale) / scale)
