"""What a score was learned to be, as numbers and back.

Takes the learned objects of the normalise stage, or the part of a document; gives the other. The
objects that come back score people exactly as those that went in.
"""

import numpy as np

from igfmood.normalise.batch import BatchModel
from igfmood.normalise.censoring import CensoredFit
from igfmood.normalise.curves.bands import BandCurve, Bands
from igfmood.normalise.curves.curve import Curve, ReferenceSettings
from igfmood.normalise.curves.fit import BccgCurve, SexCurve
from igfmood.normalise.curves.psplines import PSpline, Smooth
from igfmood.normalise.curves.published import PublishedCurve
from igfmood.normalise.standardise import AgeSex, Standardised
from igfmood.performance.frozen.document import (
    BandsNumbers,
    BandsSex,
    BatchNumbers,
    BccgNumbers,
    BccgSex,
    CensoredNumbers,
    CohortScore,
    CurveNumbers,
    PublishedNumbers,
)


def score_numbers(learned: Standardised) -> CohortScore:
    """Return the numbers of one cohort's score."""
    assert learned.curve is not None
    censored = learned.censored
    return CohortScore(
        curve=_curve_numbers(learned.curve),
        method=learned.curve.method,
        batch=None if learned.batch is None else _batch_numbers(learned.batch),
        below_limit="lod_sqrt2" if censored is None else "censored_likelihood",
        censored=None if censored is None else _censored_numbers(censored, learned.age_sex),
    )


def learned_score(numbers: CohortScore) -> Standardised:
    """Return what a cohort's numbers say, as it was learned."""
    censored = numbers.censored
    age_sex = AgeSex(np.empty(0), (0.0, 0.0), 0.0, 0.0)
    fit = None
    if censored is not None:
        age_sex = AgeSex(
            np.array(censored.age_knots), censored.age_limits, censored.mean_age,
            censored.mean_female,
        )  # fmt: skip
        fit = CensoredFit(
            np.array(censored.beta), censored.sigma, np.empty((0, 0)), np.nan, 0, 0, "frozen"
        )
    batch = None if numbers.batch is None else _batch(numbers.batch)
    return Standardised(_curve(numbers.curve), "", batch, "", fit, "", age_sex)


def _curve_numbers(curve: Curve) -> CurveNumbers:
    if isinstance(curve, BccgCurve):
        spline = next(s.log_mu.spline for s in (curve.men, curve.women) if s is not None)
        return BccgNumbers(
            kind="bccg", youngest=spline.youngest, oldest=spline.oldest,
            male=_bccg_numbers(curve.men), female=_bccg_numbers(curve.women),
        )  # fmt: skip
    if isinstance(curve, BandCurve):
        return BandsNumbers(
            kind="bands", male=_bands_numbers(curve.men), female=_bands_numbers(curve.women)
        )
    assert isinstance(curve, PublishedCurve)
    rows = {sex: table.tolist() for sex, table in curve.rows.items()}
    return PublishedNumbers(
        kind="published", distribution=curve.distribution, male=rows.get(0), female=rows.get(1)
    )


def _curve(numbers: CurveNumbers) -> Curve:
    if isinstance(numbers, BccgNumbers):
        spline = PSpline(numbers.youngest, numbers.oldest)
        men, women = (_bccg(part, spline) for part in (numbers.male, numbers.female))
        return BccgCurve(men, women, (), ReferenceSettings())
    if isinstance(numbers, BandsNumbers):
        return BandCurve(_bands(numbers.male), _bands(numbers.female), 0, False, "frozen")
    tables = {0: numbers.male, 1: numbers.female}
    rows = {sex: np.array(table) for sex, table in tables.items() if table}
    return PublishedCurve(numbers.distribution, rows)


def _bccg_numbers(curve: SexCurve | None) -> BccgSex | None:
    if curve is None:
        return None
    return BccgSex(
        log_mu=curve.log_mu.coefficients.tolist(), log_sigma=curve.log_sigma.coefficients.tolist(),
        nu=curve.nu.coefficients.tolist(),
    )  # fmt: skip


def _bccg(numbers: BccgSex | None, spline: PSpline) -> SexCurve | None:
    if numbers is None:
        return None
    parts = (numbers.log_mu, numbers.log_sigma, numbers.nu)
    return SexCurve(*(Smooth(spline, np.array(part)) for part in parts))


def _bands_numbers(bands: Bands | None) -> BandsSex | None:
    if bands is None:
        return None
    return BandsSex(age=bands.age.tolist(), mean=bands.mean.tolist(), sd=bands.sd)


def _bands(numbers: BandsSex | None) -> Bands | None:
    if numbers is None:
        return None
    return Bands(np.array(numbers.age), np.array(numbers.mean), numbers.sd)


def _batch_numbers(batch: BatchModel) -> BatchNumbers:
    return BatchNumbers(
        batches=list(batch.batches), shift=batch.shift.tolist(), scale=batch.scale.tolist(),
        level=batch.level,
    )  # fmt: skip


def _batch(numbers: BatchNumbers) -> BatchModel:
    return BatchModel(
        tuple(numbers.batches), np.array(numbers.shift), np.array(numbers.scale), numbers.level,
        np.nan, np.zeros(len(numbers.batches), dtype=np.int64), 0, 0, False,
    )  # fmt: skip


def _censored_numbers(fit: CensoredFit, age_sex: AgeSex) -> CensoredNumbers:
    return CensoredNumbers(
        beta=fit.beta.tolist(), sigma=fit.sigma, age_knots=age_sex.knots.tolist(),
        age_limits=age_sex.limits, mean_age=age_sex.mean_age, mean_female=age_sex.mean_female,
    )  # fmt: skip
