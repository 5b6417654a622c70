"""A reference curve fitted to reference people: BCCG with P-splines in age.

Takes: log concentrations, ages and sexes of reference people without missing values.
Gives: a curve for each sex, or one curve with a shift in log(mu) between the sexes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.normalise.curves import bccg
from igfmood.normalise.curves.bccg import FloatArray
from igfmood.normalise.curves.curve import Nu, ReferenceSettings, for_each_sex, positive
from igfmood.normalise.curves.likelihood import NU_BOUND, Block, Likelihood, Solution, maximise
from igfmood.normalise.curves.psplines import SEGMENTS, PSpline, Smooth
from igfmood.normalise.curves.smoothing import GAIC_PRICE, GCV_PRICE

#: More different ages than this are put on a grid of so many steps of sqrt(age). It moves an adult
#: by two weeks and a child by less at most, both ways alike: no centile moves by 0.1 %.
_AGES = 1000
#: Fewest people for each edf of sigma, from the freest to a straight line.
_PEOPLE_PER_EDF = (25.0, 60.0, 100.0, np.inf)
_SMOOTHING = {
    "gaic": f"GAIC({GAIC_PRICE:g})", "gcv": f"GCV with each edf counted {GCV_PRICE:g} times",
    "local_ml": "local marginal likelihood",
}  # fmt: skip
_SEX = ("men", "women")


@dataclass(frozen=True)
class SexCurve:
    """The curves in age of the three parameters, for one sex."""

    log_mu: Smooth
    log_sigma: Smooth
    nu: Smooth

    def parameters(self, age: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return log(mu), sigma and nu at each age, years."""
        return self.log_mu(age), np.exp(self.log_sigma(age)), self.nu(age)


@dataclass(frozen=True)
class Fit:
    """One BCCG regression: which sexes it holds, and how it went.

    Parameters
    ----------
    sexes
        0 for men, 1 for women.
    people
        How many of each.
    edf
        Effective degrees of freedom of log(mu), log(sigma) and nu.
    deviance
        Minus twice the log likelihood.
    nu
        The constant nu, or none where nu is a curve.
    notes
        What a reader must know: nu at its bound, a simpler nu than asked for.
    """

    sexes: tuple[int, ...]
    people: tuple[int, ...]
    edf: tuple[float, float, float]
    deviance: float
    nu: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class BccgCurve:
    """Box-Cox Cole-Green curves, fitted by penalised likelihood.

    Parameters
    ----------
    men, women
        The curves; none for a sex without reference people.
    fits
        The regressions behind them: one per sex, or one for both.
    settings
        What was asked for.
    """

    men: SexCurve | None
    women: SexCurve | None
    fits: tuple[Fit, ...]
    settings: ReferenceSettings
    method: str = "bccg"

    @property
    def n(self) -> int:
        """Reference people."""
        return sum(sum(fit.people) for fit in self.fits)

    def parameters(self, age: FloatArray, female: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return mu (the analyte's unit), sigma and nu at each age, for one sex; NaN without it."""
        curve = self.women if female else self.men
        if curve is None:
            missing = np.full(np.shape(age), np.nan)
            return missing, missing, missing
        log_mu, sigma, nu = curve.parameters(np.asarray(age, dtype=float))
        return np.exp(log_mu), sigma, nu

    def sds(self, value: FloatArray, age: FloatArray, female: FloatArray) -> FloatArray:
        """Return standard deviation scores, shape (n,); see ``Curve.sds``."""

        def compute(sex: int, known: FloatArray, years: FloatArray) -> FloatArray:
            return bccg.sds(known, *self.parameters(years, sex))

        return for_each_sex(compute, positive(value), age, female)

    def centile(
        self, probability: float | FloatArray, age: FloatArray, female: float | FloatArray
    ) -> FloatArray:
        """Return the concentration at a probability; see ``Curve.centile``."""

        def compute(sex: int, share: FloatArray, years: FloatArray) -> FloatArray:
            return bccg.quantile(share, *self.parameters(years, sex))

        return for_each_sex(compute, np.asarray(probability), age, np.asarray(female))

    def describe(self) -> str:
        """Return in words how the curve was fitted."""
        fits = "; ".join(_describe(fit) for fit in self.fits)
        shift = ", one curve with a sex shift in log mu" if len(self.fits[0].sexes) == 2 else ""
        return (
            f"Box-Cox Cole-Green, cubic P-splines in sqrt(age) ({SEGMENTS} segments, second-order "
            f"penalty) for log mu and log sigma, nu {self.settings.nu}, smoothing by "
            f"{_SMOOTHING[self.settings.smoothing]}{shift}: {fits}"
        )


def _describe(fit: Fit) -> str:
    groups = zip(fit.sexes, fit.people, strict=True)
    who = " and ".join(f"{people} {_SEX[sex]}" for sex, people in groups)
    edf = f"edf mu {fit.edf[0]:.1f}, sigma {fit.edf[1]:.1f}"
    nu = f"edf nu {fit.edf[2]:.1f}" if fit.nu is None else f"nu {fit.nu:.2f}"
    return ", ".join([who, edf, nu, *fit.notes])


def fit_bccg(
    log_value: FloatArray,
    age: FloatArray,
    female: FloatArray,
    settings: ReferenceSettings,
    *,
    by_sex: bool,
) -> BccgCurve:
    """Fit BCCG curves.

    Parameters
    ----------
    log_value
        Log concentrations, shape (n,), no missing values.
    age, female
        Years, and 1 for women and 0 for men, shape (n,).
    settings
        Smoothing criterion and shape of nu.
    by_sex
        A curve for each sex; else one curve with a shift in log(mu).

    Raises
    ------
    NotEstimable
        A fit does not converge, or the analyte does not differ.
    """
    present = [sex for sex in (0, 1) if np.any(female == sex)]
    curves: dict[int, SexCurve] = {}
    fits: list[Fit] = []
    for group in [[sex] for sex in present] if by_sex else [present]:
        rows = np.isin(female, group)
        made, fit = _fit_group(log_value[rows], age[rows], female[rows], group, settings)
        curves.update(made)
        fits.append(fit)
    return BccgCurve(curves.get(0), curves.get(1), tuple(fits), settings)


def _fit_group(
    log_value: FloatArray,
    age: FloatArray,
    female: FloatArray,
    sexes: list[int],
    settings: ReferenceSettings,
) -> tuple[dict[int, SexCurve], Fit]:
    """Fit one regression to the people of one sex, or of both with a shift."""
    # Rounding alone leaves about 1e-15 of the values' size.
    if not np.std(log_value) > 1e-12 * max(1.0, float(np.abs(log_value).max())):
        raise NotEstimable("the reference people do not differ in the analyte")
    own = float(age.min()), float(age.max())
    spline = PSpline(*(settings.ages if settings.ages and own[0] < own[1] else own))
    shift = female if len(sexes) == 2 else np.zeros_like(female)
    cells, cell = _cells(age, shift)
    design = spline.design(cells[0])
    free = spline.n_free
    mu = Block(design, free)
    if len(sexes) == 2:
        columns = [design[:, :free], cells[1][:, None], design[:, free:]]
        mu = Block(np.hstack(columns), free + 1)
    sigma = Block(design, free)
    solution, nu, notes = _maximise(log_value, cell, mu, sigma, settings)
    by_sex = solution.coefficients[0][free] if len(sexes) == 2 else 0.0
    in_mu = solution.coefficients[0]
    log_mu = spline.curve(np.delete(in_mu, free) if len(sexes) == 2 else in_mu)
    log_sigma = spline.curve(solution.coefficients[1])
    nu_curve = spline.curve(_widen(solution.coefficients[2], design.shape[1]))
    curves = {sex: SexCurve(log_mu.shifted(by_sex * sex), log_sigma, nu_curve) for sex in sexes}
    constant = float(solution.coefficients[2][0]) if nu == "constant" else None
    people = tuple(int(np.sum(female == sex)) for sex in sexes)
    fit = Fit(tuple(sexes), people, solution.edf, solution.deviance, constant, tuple(notes))
    return curves, fit


def _widen(coefficients: FloatArray, size: int) -> FloatArray:
    return np.concatenate([coefficients, np.zeros(size - len(coefficients))])


def _maximise(
    log_value: FloatArray,
    cell: npt.NDArray[np.intp],
    mu: Block,
    sigma: Block,
    settings: ReferenceSettings,
) -> tuple[Solution, Nu, list[str]]:
    """Fit with the shape of nu asked for, else with a constant one, and say so."""
    notes: list[str] = []
    if settings.nu == "smooth":
        try:
            solution, simpler = _unless_collapsed(log_value, cell, (mu, sigma, sigma), settings)
        except NotEstimable:
            notes.append("nu constant, for a smooth one did not converge")
        else:
            largest = np.abs(sigma.design @ solution.coefficients[2]).max()
            if largest <= NU_BOUND:
                return solution, "smooth", simpler
            notes.append(f"nu constant, for a smooth one went to {largest:.1f} > {NU_BOUND:g}")
    one = Block(np.ones((len(mu.design), 1)), 1)
    solution, simpler = _unless_collapsed(log_value, cell, (mu, sigma, one), settings)
    if solution.nu_at_bound:
        notes.append(f"nu at its bound {NU_BOUND:g}")
    return solution, "constant", notes + simpler


def _unless_collapsed(
    log_value: FloatArray,
    cell: npt.NDArray[np.intp],
    blocks: tuple[Block, Block, Block],
    settings: ReferenceSettings,
) -> tuple[Solution, list[str]]:
    """Fit with the freest sigma that does not collapse onto single people."""
    likelihood = Likelihood(log_value, cell, blocks)
    first, *stiffer = _PEOPLE_PER_EDF
    try:
        return maximise(likelihood, settings.smoothing, people_per_edf=first), []
    except NotEstimable as problem:
        reason = problem
    for people in stiffer:
        try:
            solution = maximise(likelihood, settings.smoothing, people_per_edf=people)
        except NotEstimable:
            continue
        bend = "straight" if np.isinf(people) else f"one edf for {people:g} people at most"
        return solution, [f"sigma kept {bend}, for a freer one did not converge"]
    raise reason


def _cells(
    age: FloatArray, shift: FloatArray
) -> tuple[tuple[FloatArray, FloatArray], npt.NDArray[np.intp]]:
    """Return the different (age, shift) and which of them each person has."""
    ages, place = np.unique(age, return_inverse=True)
    if len(ages) > _AGES:
        low, high = np.sqrt(ages[0]), np.sqrt(ages[-1])
        ages = np.linspace(low, high, _AGES) ** 2
        place = np.rint((np.sqrt(age) - low) / (high - low) * (_AGES - 1)).astype(np.intp)
    codes, cell = np.unique(place * 2 + (shift > 0), return_inverse=True)
    return (ages[codes // 2], (codes % 2).astype(float)), cell
