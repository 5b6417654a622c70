"""Censored normal likelihood, safe however far out the limit lies.

Takes: an outcome or its limit, a design matrix, and who is censored.
Gives: the likelihood with its derivatives, its maximum, and means of a normal tail.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Newton on a concave function: from least squares it takes 4 to 12 steps.
_MAX_STEPS = 100


def inverse_mills(alpha: FloatArray) -> FloatArray:
    """``phi(alpha) / Phi(alpha)``, in logarithms so that the far tail does not become 0 / 0."""
    from scipy.special import log_ndtr

    return np.exp(-(alpha**2) / 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(alpha))


def mean_gap(alpha: FloatArray) -> FloatArray:
    """``alpha - E[Z | Z < alpha]`` > 0 of a standard normal Z."""
    # The sum loses all digits far below; there it is 1/a - 2/a^3 + 10/a^5 - 74/a^7 of a =
    # -alpha (from Abramowitz and Stegun 26.2.12).
    tail = np.minimum(alpha, -40.0)
    series = -1 / tail + 2 / tail**3 - 10 / tail**5 + 74 / tail**7
    near = np.maximum(alpha, -40.0)
    return np.where(alpha < -40.0, series, near + inverse_mills(near))


@dataclass(frozen=True, eq=False)
class TobitLikelihood:
    """Log-likelihood of a left-censored normal regression in (beta / sigma, 1 / sigma).

    Attributes
    ----------
    y : ndarray, shape (n,)
        Outcome; for those censored, the limit.
    x : ndarray, shape (n, p)
        Design, intercept included, of rank p among those not censored.
    censored : ndarray of bool, shape (n,)

    References
    ----------
    Olsen RJ (1978). Econometrica 46:1211-1215: concave in these parameters.
    """

    y: FloatArray
    x: FloatArray
    censored: BoolArray

    def evaluate(self, parameters: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Value, gradient (p + 1,) and Hessian (p + 1, p + 1)."""
        from scipy.special import log_ndtr

        h = parameters[-1]
        # Derivative of the standardised residual by the parameters.
        lever = np.column_stack([-self.x, self.y])
        residual = lever @ parameters
        seen, cut = ~self.censored, self.censored
        n_seen = int(seen.sum())
        value = n_seen * (np.log(h) - 0.5 * np.log(2 * np.pi)) - 0.5 * np.sum(residual[seen] ** 2)
        value += float(np.sum(log_ndtr(residual[cut])))
        score, weight = -residual, np.ones_like(residual)
        score[cut] = inverse_mills(residual[cut])
        weight[cut] = score[cut] * mean_gap(residual[cut])
        gradient, hessian = lever.T @ score, -(lever * weight[:, None]).T @ lever
        gradient[-1] += n_seen / h
        hessian[-1, -1] -= n_seen / h**2
        return float(value), gradient, hessian

    def maximise(self) -> FloatArray:
        """Parameters of the maximum, by Newton's method with step halving.

        Raises
        ------
        NotEstimable
            The outcome does not vary, or no maximum is found.
        """
        beta, *_ = np.linalg.lstsq(self.x, self.y, rcond=None)
        sigma = float(np.std(self.y - self.x @ beta))
        if not sigma > 1e-12 * max(1.0, float(np.abs(self.y).max())):
            raise NotEstimable("the concentrations do not differ")
        parameters = np.append(beta, 1.0) / sigma
        value, gradient, hessian = self.evaluate(parameters)
        for _ in range(_MAX_STEPS):
            step = np.asarray(-np.linalg.solve(hessian, gradient), dtype=np.float64)
            if gradient @ step < 1e-12 * max(1.0, abs(value)):
                return parameters + step
            parameters = parameters + self._shorten(parameters, step, value) * step
            value, gradient, hessian = self.evaluate(parameters)
        raise NotEstimable(f"the censored likelihood has no maximum within {_MAX_STEPS} steps")

    def _shorten(self, parameters: FloatArray, step: FloatArray, value: float) -> float:
        """Largest power of 1/2 that keeps 1 / sigma positive and does not lower the likelihood."""
        share = 1.0
        while share > 1e-9:
            tried = parameters + share * step
            # Equal up to rounding is as good as higher.
            if tried[-1] > 0 and self.evaluate(tried)[0] >= value - 1e-12 * abs(value):
                return share
            share /= 2
        raise NotEstimable("the censored likelihood cannot be raised from where the search stands")
