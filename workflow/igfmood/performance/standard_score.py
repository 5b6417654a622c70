"""The standard deviation score as a step that is learned in training data.

Takes people of several cohorts; learns each cohort's limits, batches and reference curve from the
training people, and scores anybody. A scikit-learn transformer, so that it can stand in a pipeline.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from igfmood.errors import NotEstimable
from igfmood.normalise.standardise import Standardised, Standardiser, words
from igfmood.performance.cohorts import names_of


class StandardScore(TransformerMixin, BaseEstimator):
    """SDS by cohort.

    A cohort that was not in the training set gets the mean of the scores that the training cohorts
    would give (those whose curve covers the person's sex and age): nothing of its own people is
    used, so a shift of its assay shows as miscalibration.
    A published curve is not learned from anybody, and is used wherever its cohort stands.

    Parameters
    ----------
    standardisers
        Cohort: how to learn its score.
    """

    def __init__(self, standardisers: Mapping[str, Standardiser]) -> None:
        self.standardisers = standardisers

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn from training people.

        Parameters
        ----------
        X
            Column ``cohort``, and those of `normalise.standardise.COLUMNS`.
        y
            Not used.

        Raises
        ------
        ValueError
            If a cohort has no standardiser.
        NotEstimable
            If a cohort has too few reference people, in all or of the sex of somebody.
        """
        cohort = words(X, "cohort")
        unknown = sorted(set(cohort.tolist()) - set(self.standardisers))
        if unknown:
            raise ValueError(
                f"no standardiser for the training cohorts {unknown}: there are those of "
                f"{sorted(self.standardisers)}"
            )
        learned: dict[str, Standardised] = {}
        for name, people in _by_cohort(X, cohort):
            learned[name] = self.standardisers[name].fit(people)
            if learned[name].curve is None:
                raise NotEstimable(learned[name].curve_failure)
            if self.standardisers[name].published is None:
                _require_scores(learned[name], people)
        self.learned_ = learned
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return scores, shape (n, 1).

        Raises
        ------
        NotEstimable
            If a person of a cohort that was not in the training set is covered by no curve.
        """
        check_is_fitted(self)
        scores = np.full(len(X), np.nan)
        cohort = words(X, "cohort")
        for name, people in _by_cohort(X, cohort):
            scores[cohort == name] = self._scores(name, people)
        return scores[:, None]

    def without(self, cohort: str) -> Self:
        """Return what would have been learned had this cohort not been in the training set."""
        check_is_fitted(self)
        other = type(self)(self.standardisers)
        other.learned_ = {name: one for name, one in self.learned_.items() if name != cohort}
        return other

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of the one column, for `set_output`."""
        return np.array(["sds"], dtype=object)

    def _scores(self, name: str, people: pd.DataFrame) -> np.ndarray:
        if name in self.learned_:
            return self.learned_[name].transform(people)
        # Batches of another cohort that happen to have the same name are not its batches.
        unbatched = people.assign(batch="")
        own = self.standardisers.get(name)
        published = None if own is None else own.published
        if published is not None:
            nobody = next(iter(self.learned_.values()))
            age, female = people["age"].to_numpy(float), people["female"].to_numpy(float)
            return np.asarray(published.sds(nobody.filled(unbatched), age, female))
        scores = np.array([one.transform(unbatched) for one in self.learned_.values()])
        covered = np.isfinite(scores)
        if not covered.any(axis=0).all():
            raise NotEstimable("no training cohort has a reference for the sex or age of somebody")
        return np.mean(scores, axis=0, where=covered)


def _by_cohort(X: pd.DataFrame, cohort: np.ndarray) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each cohort's people, names ascending."""
    names = names_of(cohort)
    for name in names:
        yield name, X if len(names) == 1 else X[cohort == name]


def _require_scores(learned: Standardised, people: pd.DataFrame) -> None:
    """Refuse training people that the curve has no score for though all is known of them."""
    known = np.isfinite(learned.filled(people))
    for name in ("age", "female"):
        known &= np.isfinite(people[name].to_numpy(float))
    if np.isnan(learned.transform(people)[known]).any():
        raise NotEstimable("the training part has too few reference people of the sex of somebody")
