"""Gradient boosting of trees: a model that finds shapes and interactions by itself.

Takes predictors with their gaps, and outcomes, of training people; gives risks of anybody.
"""

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: Small trees, learned slowly: cohorts have hundreds of people, not millions.
_SETTINGS = {
    "learning_rate": 0.1, "max_iter": 100, "max_leaf_nodes": 6, "min_samples_leaf": 15,
    "l2_regularization": 1.0, "max_bins": 63,
}  # fmt: skip
#: The number of trees is chosen in a tenth of the training people, who are left out.
_HELD_OUT, _PATIENCE = 0.1, 10
METHOD = (
    "gradient boosting (histogram), trees of 6 leaves, number of trees by early stopping in a "
    "tenth of the training people"
)


def predict_boosted(
    train: FloatArray, y: FloatArray, test: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Risks of test people, shape (n,); gaps stay gaps.

    Parameters
    ----------
    train, test : ndarray, shapes (m, p) and (n, p)
        Predictors, missing where unknown; none of them an indicator of the cohort.
    y : ndarray, shape (m,)
        1 for cases, 0 for controls.
    rng : numpy.random.Generator

    Raises
    ------
    NotEstimable
        If there is no predictor, or fewer than ten of a class.
    """
    if not train.shape[1] or min(y.sum(), (1 - y).sum()) < 10:
        raise NotEstimable("too few people of a class to grow trees")
    model = HistGradientBoostingClassifier(
        **_SETTINGS, early_stopping=True, validation_fraction=_HELD_OUT,
        n_iter_no_change=_PATIENCE, random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    return np.asarray(model.fit(train, y).predict_proba(test)[:, 1], dtype=np.float64)
