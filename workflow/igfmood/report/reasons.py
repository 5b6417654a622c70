"""Why a number is not there, in words that readers know.

Takes the reasons of rows; gives them without the keys of variables and tiers, and, of several
cohorts, without speaking of "this cohort".
"""

import re

from igfmood.config.prediction import PHQ2
from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES
from igfmood.report import words

#: A variable that some cohorts do not have, and which.
_NOT_THERE = re.compile(r"(?P<name>\w+) is not in this cohort \((?P<cohorts>[^()]+)\)")
#: A variable that was not measured again.
_ONE_VISIT = re.compile(r"\w+(?= is known at one visit only)")
#: What may be the key of a variable or tier, and is no part of the name of a file.
_KEY = re.compile(r"(?<![\w./])(?:[a-z0-9]+(?:_[a-z0-9]+)+|bmi|crp|egfr|hba1c)(?![\w/]|\.\w)")
#: Variables; the totals of the PHQ are none of those that a cohort maps.
_KNOWN = {*VARIABLES, PHQ2, "phq9_total"}


def over_cohorts(reason: str, study: Study) -> str:
    """Return a reason of several cohorts without speaking of "this cohort".

    Where the variable is in none of the study's cohorts, they are not listed.
    """

    def told(match: re.Match[str]) -> str:
        names = match["cohorts"].split(", ")
        everywhere = set(names) >= {cohort.name for cohort in study.cohorts}
        where = "is in no cohort" if everywhere else f"is not in {' and '.join(_last_two(names))}"
        return f"{words.variable(match['name'], study)} {where}"

    told_where = _NOT_THERE.sub(told, reason)
    told_when = _ONE_VISIT.sub(lambda match: words.variable(match[0], study), told_where)
    return without_keys(told_when, study)


def without_keys(reason: str, study: Study) -> str:
    """Return a reason in which variables and tiers have the names that readers know."""

    def told(match: re.Match[str]) -> str:
        name = match[0]
        if name in study.prediction_tiers:
            return words.tier(name)
        return words.variable(name, study) if name in _KNOWN else name

    return _KEY.sub(told, reason)


def _last_two(names: list[str]) -> list[str]:
    return names if len(names) < 2 else [", ".join(names[:-1]), names[-1]]
