"""Bringing two summary tables to the same allele of the same variant.

Takes: the tables of exposure and outcome, as `read_summary` gives them.
Gives: associations per copy of the exposure's effect allele, and each variant left out with why.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from igfmood.errors import DataError
from igfmood.synthesis.mendelian.estimators import Associations
from igfmood.synthesis.mendelian.instruments import GENOME_WIDE
from igfmood.synthesis.mendelian.summary import read_summary

__all__ = ["Harmonised", "harmonise", "instruments", "read_summary"]

COMPLEMENT = str.maketrans("ACGT", "TGCA")
#: Effect-allele frequencies between these do not tell the strands of a palindrome apart.
AMBIGUOUS = (0.42, 0.58)
#: With this many frequencies in both tables a swapped allele column shows.
ENOUGH_FREQUENCIES = 10


@dataclass(frozen=True, eq=False)
class Harmonised:
    """What two studies say of the same alleles.

    Attributes
    ----------
    data : Associations
        In the order of the exposure's table.
    n_exposure, n_outcome : ndarray, shape (n,)
        People behind each association; missing where the table does not say.
    flipped : tuple of str
        Variants whose outcome association changed its sign.
    dropped : DataFrame
        Columns `variant`, `reason`: each variant of the exposure that is not in `data`.
    compared : int
        Variants whose frequencies could be compared between the tables; with fewer than
        `ENOUGH_FREQUENCIES` nothing shows that one has its allele columns exchanged.
    """

    data: Associations
    n_exposure: np.ndarray
    n_outcome: np.ndarray
    flipped: tuple[str, ...]
    dropped: pd.DataFrame
    compared: int


def instruments(exposure: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the variants that reach P <= 5e-8, and the others with why they are left out.

    P is that of the table, by the normal distribution from beta and se where it is missing.
    """
    by_normal = 2 * ndtr(-np.abs(exposure["beta"] / exposure["se"]))
    p = exposure["p"].fillna(by_normal)
    repeated = exposure["variant"].duplicated(keep=False)
    reason = p.map(
        lambda value: "" if value <= GENOME_WIDE else
        f"not genome-wide significant for the exposure: P = {value:.2g} > {GENOME_WIDE:g}"
    )  # fmt: skip
    reason[repeated] = "listed more than once in the exposure's table"
    left_out = exposure[["variant"]].assign(reason=reason)[reason != ""]
    return exposure[reason == ""], left_out.drop_duplicates("variant")


def harmonise(exposure: pd.DataFrame, outcome: pd.DataFrame) -> Harmonised:
    """Align the outcome's associations to the exposure's effect alleles.

    Alleles may be swapped (the sign changes) or named on the other strand. A palindrome (A/T,
    C/G) looks the same on both strands: it is aligned by the frequency of its effect allele, and
    left out where a frequency is missing or between 0.42 and 0.58.

    Parameters
    ----------
    exposure, outcome : DataFrame
        As from `read_summary`; the exposure's rows are the instruments, each once.

    Returns
    -------
    Harmonised

    Raises
    ------
    ValueError
        A variant that the exposure lists twice.
    DataError
        Frequencies of the two tables that contradict each other: an allele column is swapped.

    References
    ----------
    Hartwig FP et al (2016). Int J Epidemiol 45:1717-1726.
    """
    if exposure["variant"].duplicated().any():
        raise ValueError("the exposure lists a variant twice: call `instruments` first")
    pairs = exposure.merge(outcome, on="variant", how="left", suffixes=("", "_out"))
    pairs["sign"], pairs["reason"] = _orientations(pairs)
    fits = pairs["reason"] == ""
    several = fits & pairs["variant"].duplicated(keep=False)
    several &= fits.groupby(pairs["variant"]).transform("sum") > 1
    pairs.loc[several, "reason"] = "listed more than once in the outcome's table"
    used = pairs[pairs["reason"] == ""]
    compared = _compare_frequencies(used)
    others = pairs[~pairs["variant"].isin(used["variant"])].drop_duplicates("variant")
    data = Associations(
        used["variant"].to_numpy(object), used["beta"].to_numpy(float),
        used["se"].to_numpy(float), (used["beta_out"] * used["sign"]).to_numpy(float),
        used["se_out"].to_numpy(float),
    )  # fmt: skip
    return Harmonised(
        data, used["n"].to_numpy(float), used["n_out"].to_numpy(float),
        tuple(used.loc[used["sign"] < 0, "variant"]),
        others[["variant", "reason"]].reset_index(drop=True), compared,
    )  # fmt: skip


def _orientations(pairs: pd.DataFrame) -> tuple[list[float], list[str]]:
    """Return for each pair of rows 1 or -1, and why it cannot be used (empty if it can)."""
    columns = ("effect_allele", "other_allele", "effect_allele_out", "other_allele_out", "eaf",
               "eaf_out")  # fmt: skip
    found = [orientation(*row) for row in pairs[[*columns]].itertuples(index=False)]
    return [sign for sign, _ in found], [reason for _, reason in found]


def orientation(
    effect: str, other: str, effect_out: object, other_out: object, eaf: float, eaf_out: float
) -> tuple[float, str]:
    """Return 1 or -1 as the other table counts the same allele or the other one, or why neither.

    Frequencies are those of the effect alleles; only a palindrome needs them.
    """
    if not isinstance(effect_out, str) or not isinstance(other_out, str):
        return np.nan, "not in the outcome's table"
    ours, theirs = (effect, other), (effect_out, other_out)
    if effect == other:
        return np.nan, f"both alleles are {effect} in the exposure's table"
    complement = (effect.translate(COMPLEMENT), other.translate(COMPLEMENT))
    if complement == ours[::-1]:
        if theirs not in (ours, ours[::-1]):
            return np.nan, _unlike(ours, theirs)
        return _palindrome(eaf, eaf_out)
    # Insertions and deletions are written in several ways; only single letters have a strand.
    same = (ours, complement) if len(effect) == len(other) == 1 else (ours,)
    if theirs in same:
        return 1.0, ""
    if theirs[::-1] in same:
        return -1.0, ""
    return np.nan, _unlike(ours, theirs)


def _unlike(ours: tuple[str, str], theirs: tuple[str, str]) -> str:
    return f"alleles differ: {'/'.join(ours)} in the exposure, {'/'.join(theirs)} in the outcome"


def _palindrome(eaf: float, eaf_out: float) -> tuple[float, str]:
    """Align by frequency alone: the letters say nothing, whichever way they stand."""
    if np.isnan(eaf) or np.isnan(eaf_out):
        return np.nan, "palindromic, and a table has no frequency of its effect allele"
    low, high = AMBIGUOUS
    if low < eaf < high or low < eaf_out < high:
        return np.nan, f"palindromic, with a frequency near one half ({eaf:.2f}, {eaf_out:.2f})"
    return (1.0 if (eaf < low) == (eaf_out < low) else -1.0), ""


def _compare_frequencies(used: pd.DataFrame) -> int:
    """Return how many frequencies can be compared; refuse tables in which they contradict.

    A table whose effect and other allele are mistaken for each other turns the sign of the
    result; nothing else in it shows that.
    """
    theirs = used["eaf_out"].where(used["sign"] > 0, 1 - used["eaf_out"])
    both = used["eaf"].notna() & theirs.notna()
    both &= used["effect_allele"].str.translate(COMPLEMENT) != used["other_allele"]
    compared = int(both.sum())
    if compared < ENOUGH_FREQUENCIES:
        return compared
    as_given = (used["eaf"] - theirs)[both].abs().median()
    swapped = (used["eaf"] - 1 + theirs)[both].abs().median()
    if swapped < as_given:
        raise DataError(
            f"the effect alleles of exposure and outcome are {as_given:.2f} apart in frequency, "
            f"and {swapped:.2f} with the alleles of one table exchanged ({compared} "
            "variants): exchange effect_allele and other_allele in the table where they are wrong"
        )
    return compared
