"""Penalised maximum likelihood of a BCCG regression.

Takes: log concentrations and one design matrix for each of log(mu), log(sigma) and nu.
Gives: coefficients, penalties, effective degrees of freedom and the deviance.

Fisher scoring on the three parameters at once, with step halving; between steps the penalties are
chosen on the working model. People of the same age (and sex) share a row of the designs (a cell),
so that only the density itself costs O(n).

References
----------
Rigby RA, Stasinopoulos DM (2005). Generalized additive models for location, scale and shape.
Appl Stat 54:507-554, sections 3 and 5 (penalised likelihood, scoring).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.normalise.curves import bccg
from igfmood.normalise.curves.bccg import FloatArray
from igfmood.normalise.curves.curve import Smoothing
from igfmood.normalise.curves.smoothing import WorkingModel, choose_penalty

#: Skewness beyond this is a sign of outliers or of a scale that is not BCCG at all.
NU_BOUND = 3.0
_MAX_STEPS = 200
#: Steps with the expected information, which forgives a poor start; then the observed one, which
#: converges where the expected one creeps (nu curves).
_EXPECTED_STEPS = 3
#: The penalties are held after so many steps: local criteria may circle between two of them.
_MAX_CHOICES = 25
#: Fewest people for each effective degree of freedom of log(mu) and of nu.
_PEOPLE_PER_EDF = (8.0, 50.0)
#: Coefficients of variation that no analyte has, and how far below its median sigma may fall:
#: beyond, the fit is collapsing onto single people, where the likelihood has no maximum.
_SIGMA = (1e-4, 20.0)
_FALL = 12.0
#: Converged: twice the log likelihood that the next step could gain at most.
_DECREMENT = 1e-4
_EDF_SETTLED = 0.02


@dataclass(frozen=True)
class Block:
    """Design of one parameter: shape (cells, p), the free columns first, the first one constant."""

    design: FloatArray
    n_free: int

    @property
    def penalised(self) -> bool:
        """Whether some columns are penalised."""
        return self.design.shape[1] > self.n_free


@dataclass(frozen=True)
class Solution:
    """A fitted BCCG regression.

    Parameters
    ----------
    coefficients, penalties, edf
        One each for log(mu), log(sigma) and nu.
    deviance
        Minus twice the log likelihood of the concentrations.
    steps
        Scoring steps taken.
    nu_at_bound
        Whether a constant nu stopped at the bound.
    """

    coefficients: tuple[FloatArray, FloatArray, FloatArray]
    penalties: tuple[float, float, float]
    edf: tuple[float, float, float]
    deviance: float
    steps: int
    nu_at_bound: bool


@dataclass(frozen=True)
class _State:
    """The model at given coefficients: per cell the parameters and the summed score."""

    coefficients: list[FloatArray]
    log_ratio: FloatArray
    terms: bccg.Terms
    sigma: FloatArray
    nu: FloatArray
    scores: tuple[FloatArray, FloatArray, FloatArray]
    squares: tuple[float, float, float]
    loglik: float


class Likelihood:
    """The likelihood of log concentrations given cells and designs.

    Parameters
    ----------
    log_value
        Log concentrations, shape (n,).
    cell
        Row of the designs of each person, shape (n,).
    blocks
        Designs of log(mu), log(sigma) and nu.
    """

    def __init__(
        self, log_value: FloatArray, cell: npt.NDArray[np.intp], blocks: Sequence[Block]
    ) -> None:
        self.log_value, self.cell, self.blocks = log_value, cell, tuple(blocks)
        self.n_cells = len(blocks[0].design)
        self.count = np.bincount(cell, minlength=self.n_cells).astype(float)
        sizes = [block.design.shape[1] for block in blocks]
        ends = np.cumsum(sizes)
        self.slices = [slice(int(e - s), int(e)) for e, s in zip(ends, sizes, strict=True)]
        self.constant_nu = sizes[2] == 1

    def at(self, coefficients: list[FloatArray]) -> _State | None:
        """Evaluate log likelihood and scores; none where the parameters cannot be."""
        eta = [b.design @ c for b, c in zip(self.blocks, coefficients, strict=True)]
        lowest = max(np.log(_SIGMA[0]), _median(eta[1]) - np.log(_FALL))
        inside = lowest < eta[1].min() and eta[1].max() < np.log(_SIGMA[1])
        if not (inside and np.abs(eta[2]).max() < 10 * NU_BOUND):
            return None
        sigma, nu = np.exp(eta[1]), eta[2]
        with np.errstate(over="ignore", invalid="ignore"):
            log_ratio, power = self.log_value - eta[0][self.cell], nu[self.cell]
            terms = bccg.terms(log_ratio, sigma, nu, self.cell)
            loglik = float(bccg.log_density(log_ratio, power, terms).sum())
            score = bccg.score_of(log_ratio, power, terms)
            squared = [s * s for s in score]
        if not np.isfinite(loglik + sum(float(s.sum()) for s in squared)):
            return None
        summed = [self.per_cell(s) for s in score]
        info = bccg.information(sigma, nu)
        squares = [
            float(self.per_cell(s) @ (1 / w)) for s, w in zip(squared, info[:3], strict=True)
        ]
        return _State(
            coefficients,
            log_ratio,
            terms,
            sigma,
            nu,
            (summed[0], summed[1], summed[2]),
            (squares[0], squares[1], squares[2]),
            loglik,
        )

    def gradient(self, state: _State) -> FloatArray:
        """Score in the coefficients, without the penalty, shape (p,)."""
        return np.concatenate(
            [b.design.T @ s for b, s in zip(self.blocks, state.scores, strict=True)]
        )

    def information(self, state: _State) -> FloatArray:
        """Expected information in the coefficients, without the penalty, shape (p, p)."""
        return self._assemble([w * self.count for w in bccg.information(state.sigma, state.nu)])

    def observed(self, state: _State) -> FloatArray:
        """Observed information in the coefficients, without the penalty, shape (p, p)."""
        sigma, nu = state.sigma[self.cell], state.nu[self.cell]
        weights = bccg.observed_of(state.log_ratio, sigma, nu, state.terms)
        return self._assemble([self.per_cell(w) for w in weights])

    def per_cell(self, values: FloatArray) -> FloatArray:
        """Sum over the people of each cell, shape (cells,)."""
        return np.bincount(self.cell, values, self.n_cells).astype(float, copy=False)

    def _assemble(self, weights: list[FloatArray]) -> FloatArray:
        """Cross products of the designs, weighted per cell."""
        pairs = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
        p = self.slices[2].stop
        whole = np.empty((p, p))
        for (i, j), weight in zip(pairs, weights, strict=True):
            weighted = self.blocks[j].design * weight[:, None]
            part = self.blocks[i].design.T @ weighted
            whole[self.slices[i], self.slices[j]] = part
            whole[self.slices[j], self.slices[i]] = part.T
        return whole

    def penalty_diagonal(self, penalties: list[float]) -> FloatArray:
        """Diagonal of the penalty matrix, shape (p,)."""
        diagonal = np.zeros(self.slices[2].stop)
        for part, block, penalty in zip(self.slices, self.blocks, penalties, strict=True):
            diagonal[part.start + block.n_free : part.stop] = penalty
        return diagonal


def _median(values: FloatArray) -> float:
    """Median of finite values; numpy's own spends its time on checks."""
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values, half)[half])
    two = np.partition(values, (half - 1, half))
    return float((two[half - 1] + two[half]) / 2)


def maximise(
    likelihood: Likelihood,
    smoothing: Smoothing,
    *,
    people_per_edf: float = 25.0,
    decrement: float = _DECREMENT,
) -> Solution:
    """Maximise the penalised likelihood, the penalties chosen by `smoothing`.

    Without penalised columns this is maximum likelihood.

    Parameters
    ----------
    likelihood
        The data and the designs.
    smoothing
        Criterion for the penalties.
    people_per_edf
        Fewest people for each effective degree of freedom of log(sigma); infinite for a straight
        line.
    decrement
        Gain in log likelihood of the next step at which the ascent ends.

    Raises
    ------
    NotEstimable
        The ascent does not converge.
    """
    n = len(likelihood.log_value)
    most = (n / _PEOPLE_PER_EDF[0], n / people_per_edf, n / _PEOPLE_PER_EDF[1])
    state, penalties = _start(likelihood, smoothing, most)
    edf = [float(b.design.shape[1]) for b in likelihood.blocks]
    for step in range(1, _MAX_STEPS + 1):
        gradient, information = likelihood.gradient(state), likelihood.information(state)
        settled = True
        if step <= _MAX_CHOICES:
            before = edf
            penalties, edf = _choose(
                likelihood, state, gradient, information, smoothing, most, penalties
            )
            change = max(abs(a - b) for a, b in zip(edf, before, strict=True))
            settled = change < _EDF_SETTLED
        diagonal = likelihood.penalty_diagonal(penalties)
        if step > _EXPECTED_STEPS:
            information = _newton(likelihood.observed(state), information, diagonal)
        state, gain, bounded = _step(likelihood, state, gradient, information, diagonal)
        if settled and gain < decrement:
            return _solution(likelihood, state, penalties, edf, step, bounded)
    raise NotEstimable(
        f"the BCCG fit did not converge in {_MAX_STEPS} steps (n = {len(likelihood.log_value)})"
    )


def _newton(observed: FloatArray, expected: FloatArray, diagonal: FloatArray) -> FloatArray:
    """Observed information where it makes the step an ascent, else the expected one."""
    try:
        np.linalg.cholesky(observed + np.diag(diagonal))
    except np.linalg.LinAlgError:
        return expected
    return observed


def _start(
    likelihood: Likelihood, smoothing: Smoothing, most: tuple[float, float, float]
) -> tuple[_State, list[float]]:
    """Log-normal start: a penalised regression of the logarithm, then its residual SD."""
    coefficients = [np.zeros(b.design.shape[1]) for b in likelihood.blocks]
    block, n = likelihood.blocks[0], len(likelihood.log_value)
    level = likelihood.log_value.mean()
    centred = likelihood.log_value - level
    gram = block.design.T @ (block.design * likelihood.count[:, None])
    right = block.design.T @ likelihood.per_cell(centred)
    spread, penalty = _spread(centred), 1.0
    for _ in range(2):
        weight = spread**-2
        if block.penalised:
            total = weight * float(centred @ centred)
            working = WorkingModel(gram * weight, right * weight, block.n_free, n, total, most[0])
            penalty, _ = choose_penalty(working, smoothing)
        diagonal = np.repeat([0.0, penalty], [block.n_free, len(right) - block.n_free])
        found = np.linalg.solve(gram * weight + np.diag(diagonal), right * weight)
        spread = _spread(centred - (block.design @ found)[likelihood.cell])
    coefficients[0] = found
    coefficients[0][0] += level
    coefficients[1][0] = np.log(spread)
    return _known(likelihood.at(coefficients)), [penalty, 1.0, 1.0]


def _spread(values: FloatArray) -> float:
    return max(float(values.std()), 1e-6)


def _known(state: _State | None) -> _State:
    if state is None:
        raise NotEstimable("the BCCG fit has no start: the analyte's logarithm is nearly constant")
    return state


def _choose(
    likelihood: Likelihood,
    state: _State,
    gradient: FloatArray,
    information: FloatArray,
    smoothing: Smoothing,
    most: tuple[float, float, float],
    penalties: list[float],
) -> tuple[list[float], list[float]]:
    """Choose the penalty of each block, at most so many edf for it."""
    chosen = list(penalties)
    edf = [float(b.design.shape[1]) for b in likelihood.blocks]
    for k, block in enumerate(likelihood.blocks):
        if not block.penalised:
            continue
        part = likelihood.slices[k]
        gram, b = information[part, part], state.coefficients[k]
        total = float(b @ gram @ b + 2 * b @ gradient[part] + state.squares[k])
        working = WorkingModel(
            gram,
            gram @ b + gradient[part],
            block.n_free,
            len(likelihood.log_value),
            total,
            most[k],
        )
        chosen[k], edf[k] = choose_penalty(working, smoothing)
    return chosen, edf


def _step(
    likelihood: Likelihood,
    state: _State,
    gradient: FloatArray,
    information: FloatArray,
    diagonal: FloatArray,
) -> tuple[_State, float, bool]:
    """One scoring step, halved until the penalised likelihood rises.

    Returns the new state, the decrement (score times step) and whether nu is held at its bound.
    """
    b = np.concatenate(state.coefficients)
    right = gradient - diagonal * b
    whole = information + np.diag(diagonal)
    nu = likelihood.slices[2].start
    bounded = bool(
        likelihood.constant_nu and abs(b[nu]) >= NU_BOUND and np.sign(b[nu]) * right[nu] > 0
    )
    if bounded:
        right[nu], whole[nu, :], whole[:, nu], whole[nu, nu] = 0.0, 0.0, 0.0, 1.0
    move = np.linalg.solve(whole, right)
    decrement = float(right @ move)
    current = state.loglik - 0.5 * float(diagonal @ (b * b))
    for halving in range(30):
        trial = b + move / 2**halving
        if likelihood.constant_nu:
            trial[nu] = np.clip(trial[nu], -NU_BOUND, NU_BOUND)
        new = likelihood.at([trial[part] for part in likelihood.slices])
        if new is None:
            continue
        if new.loglik - 0.5 * float(diagonal @ (trial * trial)) >= current - 1e-9 * abs(current):
            return new, decrement, bounded
    if decrement > 1e-3:
        raise NotEstimable(
            f"the BCCG fit did not converge: no step raises the likelihood "
            f"(n = {len(likelihood.log_value)})"
        )
    # Rounding is all that is left to gain.
    return state, 0.0, bounded


def _solution(
    likelihood: Likelihood,
    state: _State,
    penalties: list[float],
    edf: list[float],
    steps: int,
    bounded: bool,
) -> Solution:
    mu, log_sigma, nu = state.coefficients
    deviance = -2 * (state.loglik - float(likelihood.log_value.sum()))
    return Solution(
        (mu, log_sigma, nu),
        (penalties[0], penalties[1], penalties[2]),
        (edf[0], edf[1], edf[2]),
        deviance,
        steps,
        bounded,
    )
