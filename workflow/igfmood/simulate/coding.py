"""Turning numbers into the text cells of a raw table.

Takes: arrays and the source's habits (decimals, decimal mark, codes, missing values).
Gives: arrays of text, one cell per row.
"""

from collections.abc import Sequence

import numpy as np


def decimals(values: np.ndarray, digits: int, mark: str = ".") -> np.ndarray:
    """Numbers with a fixed number of decimals.

    Parameters
    ----------
    values : ndarray [n]
    digits : int
    mark : str
        Decimal mark.

    Returns
    -------
    ndarray of object [n]
    """
    return np.array([f"{value:.{digits}f}".replace(".", mark) for value in values], dtype=object)


def choose(
    rng: np.random.Generator, texts: Sequence[str], n: int, weights: Sequence[float] | None = None
) -> np.ndarray:
    """One of several texts per row.

    Parameters
    ----------
    rng : numpy.random.Generator
    texts : sequence of str
    n : int
    weights : sequence of float, optional
        Probabilities; equal if not given.

    Returns
    -------
    ndarray of object [n]
    """
    return np.array([texts[i] for i in rng.choice(len(texts), size=n, p=weights)], dtype=object)


def yes_no(flags: np.ndarray, yes: str, no: str) -> np.ndarray:
    """Two texts for true and false.

    Parameters
    ----------
    flags : ndarray of bool [n]
    yes, no : str

    Returns
    -------
    ndarray of object [n]
    """
    return np.where(flags, yes, no).astype(object)


def blanked(
    rng: np.random.Generator, cells: np.ndarray, share: float, missing: Sequence[str]
) -> np.ndarray:
    """Cells of which a random share is replaced by one of the source's missing values.

    Parameters
    ----------
    rng : numpy.random.Generator
    cells : ndarray of object [n]
    share : float
        Probability that a cell is missing, unrelated to anything else.
    missing : sequence of str

    Returns
    -------
    ndarray of object [n]
    """
    gone = rng.random(len(cells)) < share
    return np.where(gone, choose(rng, missing, len(cells)), cells)
