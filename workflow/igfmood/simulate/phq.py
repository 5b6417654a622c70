"""PHQ-9 answers of invented people.

Takes: group labels, sex and, where wanted, a rule for the standardised severity within the group.
Gives: severity and nine items (0-3) per person, with totals as published for the group.
"""

from collections.abc import Callable

import numpy as np

from igfmood.simulate.calibration import calibration
from igfmood.simulate.latent import item_model

SeverityRule = Callable[[np.ndarray], np.ndarray]


def items_given_severity(
    rng: np.random.Generator, severity: np.ndarray, female: np.ndarray
) -> np.ndarray:
    """Nine ordinal answers of people with known latent severity.

    Parameters
    ----------
    rng : numpy.random.Generator
    severity : ndarray [n]
        In SD of the population's severity.
    female : ndarray of bool [n]

    Returns
    -------
    ndarray of int [n, 9]
    """
    model = item_model()
    residual = rng.standard_normal((len(severity), 9)) @ model.residual_factor.T
    latent = severity[:, None] * model.loadings + residual
    cuts = np.where(female[:, None, None], model.thresholds["female"], model.thresholds["male"])
    return (latent[:, :, None] > cuts).sum(axis=2)


def draw_items(
    rng: np.random.Generator, labels: np.ndarray, female: np.ndarray, rule: SeverityRule
) -> tuple[np.ndarray, np.ndarray]:
    """Severity and items of labelled people, drawn again until the total is in the group's range.

    Parameters
    ----------
    rng : numpy.random.Generator
    labels : ndarray of str [n]
        Keys of `calibration().groups`.
    female : ndarray of bool [n]
    rule : callable
        Takes row indices, gives fresh standardised severities (mean 0, SD 1 within the
        group) for those rows.

    Returns
    -------
    severity : ndarray [n]
    items : ndarray of int [n, 9]
    """
    groups = calibration().groups
    location, spread, low, high = (
        np.array([getattr(groups[label], name) for label in labels])
        for name in ("location", "spread", "low", "high")
    )
    severity, items = np.zeros(len(labels)), np.zeros((len(labels), 9), dtype=int)
    todo = np.arange(len(labels))
    while len(todo):
        severity[todo] = location[todo] + spread[todo] * rule(todo)
        items[todo] = items_given_severity(rng, severity[todo], female[todo])
        total = items[todo].sum(axis=1)
        todo = todo[(total < low[todo]) | (total > high[todo])]
    return severity, items


def plain_rule(rng: np.random.Generator) -> SeverityRule:
    """Severity that depends on nothing but the group: standard normal draws.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    callable
    """
    return lambda rows: rng.standard_normal(len(rows))
