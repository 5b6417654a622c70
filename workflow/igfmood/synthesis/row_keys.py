"""The keys by which the rows of a synthesis are found among the results.

Takes the term or the stratum of a pooled number; gives that of the rows that go with it: its
prediction and normal interval, its heterogeneity, the synthesis without a cohort.
"""

import re
from collections.abc import Mapping

from igfmood.config.analysis import ALL, within

#: Keys that the estimates of cohorts must share to be pooled.
SHARED_KEYS = (
    "analysis", "target", "exposure", "model", "adjustment", "stratum", "term", "measure",
)  # fmt: skip
#: `term` of the row that holds the prediction interval.
PREDICTION_TERM = "prediction_interval"
#: `term` of the row that holds the normal interval, for comparison.
NORMAL_TERM = "normal_interval"
#: Measures of how estimates of cohorts differ; their term says of which number.
HETEROGENEITY = ("k", "tau2", "i2", "q")
_WITHOUT = re.compile(r"(?:(?P<population>[^|]+)\|)?without (?P<cohort>.+)")


def companion(term: str, which: str) -> str:
    """Return the term of a row that goes with a pooled number, such as its normal interval."""
    return f"{term}: {which}" if term else which


def without_companion(term: str) -> str:
    """Return the term of the pooled number that a companion row goes with."""
    for which in (PREDICTION_TERM, NORMAL_TERM):
        if term == which:
            return ""
        term = term.removesuffix(f": {which}")
    return term


def heterogeneity_term(measure: str, term: str) -> str:
    """Return the term of k, tau2, I2 and Q of a pooled number."""
    return f"{measure} {term}" if term else measure


def estimate_behind(row: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return the keys of the estimates that a pooled row was made of, and the cohort it leaves out.

    Parameters
    ----------
    row
        A pooled number, its interval or heterogeneity, or the same without a cohort.

    Returns
    -------
    keys : dict
        `SHARED_KEYS` of the estimates of cohorts.
    left_out : str
        Name of the cohort whose estimate is not among them; empty where all are.
    """
    keys = {name: row[name] for name in SHARED_KEYS}
    keys["term"] = without_companion(keys["term"])
    if keys["measure"] in HETEROGENEITY:
        keys["measure"], _, keys["term"] = keys["term"].partition(" ")
    found = _WITHOUT.fullmatch(keys["stratum"])
    if found is None:
        return keys, ""
    keys["stratum"] = found["population"] or ALL
    return keys, found["cohort"]


def without_cohort(population: str, cohort: str) -> str:
    """Return the stratum of a population's synthesis without a cohort."""
    return within(population, f"without {cohort}")
