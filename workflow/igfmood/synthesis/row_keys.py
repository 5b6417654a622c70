"""The keys by which the rows of a synthesis are found among the results.

Takes the term or the stratum of a pooled number; gives that of the rows that go with it: its
prediction and normal interval, its heterogeneity, the synthesis without a cohort.
"""

from igfmood.config.analysis import within

#: Keys that the estimates of cohorts must share to be pooled.
SHARED_KEYS = (
    "analysis", "target", "exposure", "model", "adjustment", "stratum", "term", "measure",
)  # fmt: skip
#: `term` of the row that holds the prediction interval.
PREDICTION_TERM = "prediction_interval"
#: `term` of the row that holds the normal interval, for comparison.
NORMAL_TERM = "normal_interval"


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


def without_cohort(population: str, cohort: str) -> str:
    """Return the stratum of a population's synthesis without a cohort."""
    return within(population, f"without {cohort}")
