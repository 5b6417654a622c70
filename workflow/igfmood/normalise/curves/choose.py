"""Which reference curve the people at hand can carry.

Takes: concentrations, ages and sexes of the reference people, and the settings.
Gives: a fitted curve whose description says which method was taken and why.

The rule of ``auto``: a BCCG fit from 75 people on (for each sex, or for both with a shift), age
bands below, and where the fit does not converge. It was set on 150 simulated samples per size,
age 18 to 80, IGF-1's decline with age, log-normal with an SD of 0.22 to 0.30; root mean square
error of the SDS of new people against the truth:

========  ====  ====  ====  ====  ====  ====  ====
people      15    30    50    75   100   200   400
========  ====  ====  ====  ====  ====  ====  ====
bands     0.60  0.43  0.39  0.33  0.28  0.21  0.17
BCCG      1.30  0.58  0.40  0.31  0.27  0.18  0.13
========  ====  ====  ====  ====  ====  ====  ====
"""

from dataclasses import replace

import numpy as np

from igfmood.errors import NotEstimable
from igfmood.normalise.curves.bands import BandCurve, fit_bands
from igfmood.normalise.curves.bccg import FloatArray
from igfmood.normalise.curves.curve import Curve, Nu, ReferenceSettings
from igfmood.normalise.curves.fit import BccgCurve, fit_bccg

#: Fewest people of a curve for which the BCCG fit is at least as good as bands.
BCCG_PEOPLE = 75
#: From this age on, years, skewness hardly changes with age.
ADULT = 18


def fit_reference(
    value: FloatArray, age: FloatArray, female: FloatArray, settings: ReferenceSettings
) -> Curve:
    """Fit a reference curve; people with a missing value, age or sex are left out.

    Parameters
    ----------
    value
        Concentrations of the reference people, above 0, any unit, shape (n,).
    age, female
        Years, and 1 for women and 0 for men, shape (n,).
    settings
        Method, shape of nu, smoothing, smallest number of people.

    Raises
    ------
    NotEstimable
        Too few people, a value that is not above 0, no difference between people, or a BCCG fit
        that was asked for and does not converge.
    """
    value, age, female = (np.asarray(part, dtype=float) for part in (value, age, female))
    use = np.isfinite(value) & np.isfinite(age) & np.isfinite(female)
    _require(int(use.sum()), settings, [])
    notes = []
    for sex, name in enumerate(("men", "women")):
        count = int(np.sum(use & (female == sex)))
        if 0 < count < settings.min_of_sex:
            use &= female != sex
            notes.append(f"no curve for {name}, too few: {count} < {settings.min_of_sex}")
    _require(int(use.sum()), settings, notes)
    value, age, female = value[use], age[use], female[use]
    if not (value > 0).all():
        raise NotEstimable(
            f"{int((value <= 0).sum())} of {len(value)} reference people have a concentration that "
            "is not above 0: set the detection limit, or leave them out"
        )
    people = np.log(value), age, female
    return _fit(people, settings, notes)


def _require(n: int, settings: ReferenceSettings, notes: list[str]) -> None:
    if n < settings.min_people:
        short = f"too few reference people with analyte, age and sex: {n} < {settings.min_people}"
        raise NotEstimable("; ".join([short, *notes]))


def _fit(
    people: tuple[FloatArray, FloatArray, FloatArray],
    settings: ReferenceSettings,
    notes: list[str],
) -> Curve:
    """Fit what the settings and the number of people say."""
    _, age, female = people
    n = len(age)
    counts = [int(np.sum(female == sex)) for sex in (0, 1)]
    fewest = min(count for count in counts if count)
    settings = replace(settings, nu=_nu(settings.nu, age))
    if settings.method == "bands":
        return _bands(people, fewest, settings, notes, "as asked for")
    if settings.method == "bccg":
        return _bccg(people, fewest, settings, notes)
    if n < BCCG_PEOPLE:
        reason = f"too few people for a Box-Cox Cole-Green fit, {n} < {BCCG_PEOPLE}"
        return _bands(people, fewest, settings, notes, reason)
    try:
        return _bccg(people, fewest, settings, notes)
    except NotEstimable as problem:
        return _bands(people, fewest, settings, notes, problem.reason)


def _bands(
    people: tuple[FloatArray, FloatArray, FloatArray],
    fewest: int,
    settings: ReferenceSettings,
    notes: list[str],
    reason: str,
) -> BandCurve:
    by_sex = fewest >= settings.min_people
    return fit_bands(
        *people, by_sex=by_sex, reason="; ".join([reason, *notes]),
        min_of_band=settings.min_of_band,
    )  # fmt: skip


def _bccg(
    people: tuple[FloatArray, FloatArray, FloatArray],
    fewest: int,
    settings: ReferenceSettings,
    notes: list[str],
) -> BccgCurve:
    curve = fit_bccg(*people, settings, by_sex=fewest >= BCCG_PEOPLE)
    first, *others = curve.fits
    return replace(curve, fits=(replace(first, notes=(*first.notes, *notes)), *others))


def _nu(nu: Nu, age: FloatArray) -> Nu:
    """Return the shape of nu: what is asked for, else by the number of children."""
    if nu != "auto":
        return nu
    return "smooth" if np.sum(age < ADULT) >= BCCG_PEOPLE else "constant"
