"""Draws for a 0/1 variable or one of several categories: logit models on augmented data.

Takes: the design of the observed rows, their codes, and where the columns lie.
Gives: coefficients drawn from their approximate posterior, and drawn codes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

BLOCK_ROWS = 16_384
MAX_STEPS = 50
#: Squared distance to the maximum in standard errors before the last Newton step, which squares
#: it once more.
TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class LogitPosterior:
    """Penalised maximum-likelihood fit of K - 1 logits against code 0.

    Attributes
    ----------
    coef : ndarray, shape (p, K - 1)
        Log odds against code 0.
    root : ndarray, shape (p (K - 1), p (K - 1))
        T with ``T @ T.T`` the covariance, coefficients of one logit together.
    """

    coef: FloatArray
    root: FloatArray

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """Coefficients from the normal approximation to their posterior, shape (p, K - 1)."""
        noise = self.root @ rng.standard_normal(self.coef.size)
        return self.coef + noise.reshape(self.coef.shape[::-1]).T


def augmented(
    X: FloatArray, codes: FloatArray, mean: FloatArray, sd: FloatArray, n_categories: int
) -> tuple[FloatArray, npt.NDArray[np.intp], FloatArray]:
    """Add few light rows to the data, so that no category can be predicted perfectly.

    For every predictor and category two rows: the predictor half a standard deviation below and
    above its mean, the others at theirs. Together they weigh as many people as the model has
    coefficients.

    Parameters
    ----------
    X : ndarray, shape (n, p)
        Intercept first.
    codes : ndarray, shape (n,)
    mean, sd : ndarray, shape (p,)
        Of the columns of X; mean 1 and sd 0 for the intercept.
    n_categories : int

    Returns
    -------
    X, codes, weights : ndarray

    References
    ----------
    White IR, Daniel R, Royston P (2010). Comput Stat Data Anal 54:2267-2275, section 3.
    """
    p = len(mean)
    shift = np.concatenate([np.diag(sd)[1:] / 2, np.diag(sd)[1:] / -2])
    rows = np.tile(mean + shift, (n_categories, 1))
    added = np.repeat(np.arange(n_categories), 2 * (p - 1))
    weights = np.ones(len(codes) + len(rows))
    weights[len(codes) :] = p / max(len(rows), 1)
    return (
        np.concatenate([X, rows]),
        np.concatenate([codes.astype(np.intp), added]),
        weights,
    )


def logit_posterior(
    X: FloatArray, codes: npt.NDArray[np.intp], weights: FloatArray, start: FloatArray
) -> LogitPosterior:
    """Fit K - 1 logits by Newton's method with step-halving.

    Parameters
    ----------
    X : ndarray, shape (n, p)
    codes : ndarray of int, shape (n,)
        0 ... K - 1.
    weights : ndarray, shape (n,)
    start : ndarray, shape (p, K - 1)
        Coefficients to start from.

    Returns
    -------
    LogitPosterior

    Raises
    ------
    NotEstimable
        No convergence.

    References
    ----------
    McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., sections 4.4 and 5.5.
    """
    coef, step = start, np.zeros_like(start)
    best = -np.inf
    for _ in range(MAX_STEPS):
        loglik, score, information = _derivatives(X, codes, weights, coef + step)
        if loglik < best - 1e-10 * (1 + abs(best)):
            step = step / 2
            continue
        coef, best = coef + step, loglik
        try:
            inverse = np.linalg.inv(np.linalg.cholesky(information))
        except np.linalg.LinAlgError:
            break
        towards = inverse @ score
        step = (inverse.T @ towards).reshape(coef.shape[::-1]).T
        if float(towards @ towards) < TOLERANCE:
            return LogitPosterior(coef + step, inverse.T)
    raise NotEstimable(f"the logistic model of the imputation did not converge (n = {len(codes)})")


def _derivatives(
    X: FloatArray, codes: npt.NDArray[np.intp], weights: FloatArray, coef: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, score and information; the coefficients of one logit lie together."""
    p, logits = coef.shape
    loglik, score = 0.0, np.zeros((logits, p))
    information = np.zeros((logits, p, logits, p))
    for begin in range(0, len(codes), BLOCK_ROWS):
        block = slice(begin, begin + BLOCK_ROWS)
        x, w, code = X[block], weights[block], codes[block]
        eta = x @ coef
        probability, log_total = _softmax(eta)
        chosen = (code[:, None] == np.arange(1, logits + 1)).astype(float)
        loglik += float(w @ ((chosen * eta).sum(axis=1) - log_total))
        score += (w[:, None] * (chosen - probability)).T @ x
        for a in range(logits):
            for b in range(a + 1):
                weight = w * probability[:, a] * ((a == b) - probability[:, b])
                information[a, :, b] += x.T @ (x * weight[:, None])
    for a in range(logits):
        for b in range(a):
            information[b, :, a] = information[a, :, b].T
    return loglik, score.ravel(), information.reshape(logits * p, logits * p)


def _softmax(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Probabilities of codes 1 ... K - 1, and the logarithm of the normalising sum."""
    top = np.maximum(eta.max(axis=1), 0.0)
    weight = np.exp(eta - top[:, None])
    total = weight.sum(axis=1) + np.exp(-top)
    return weight / total[:, None], top + np.log(total)


def draw_codes(X: FloatArray, coef: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Codes drawn with their predicted probabilities.

    Parameters
    ----------
    X : ndarray, shape (r, p)
    coef : ndarray, shape (p, K - 1)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (r,)
        Codes 0 ... K - 1 as floats.
    """
    probability = _softmax(X @ coef)[0]
    # Code k where the uniform number falls on the k-th step from the top; code 0 has the rest.
    steps = np.cumsum(probability, axis=1)
    uniform = rng.random(len(X))
    below = (uniform[:, None] < steps).argmax(axis=1) + 1.0
    return np.where(uniform < steps[:, -1], below, 0.0)
