"""Whose cohort is whose: names, and the people of each.

Takes the cohort of each person; gives names, and positions by cohort and class.
"""

import numpy as np
import numpy.typing as npt


def names_of(cohort: npt.NDArray[np.str_]) -> list[str]:
    """Return the names, ascending, that people's cohorts have; shape (n,) goes in.

    Cohorts are few and people many: who is of the first one's goes, until nobody is left.
    """
    found: list[str] = []
    left = cohort
    while left.size:
        found.append(str(left[0]))
        left = left[left != left[0]]
    return sorted(found)


def members(
    cohort: npt.NDArray[np.str_], y: npt.NDArray[np.float64]
) -> list[npt.NDArray[np.int64]]:
    """Return the positions of the people of each cohort and class, by name and by class."""
    found = []
    for name in names_of(cohort):
        own = cohort == name
        found += [np.flatnonzero(own & (y == value)) for value in np.unique(y[own])]
    return found
