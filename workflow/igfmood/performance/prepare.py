"""Everything that is learned from training people before a model: score, gaps, columns.

Takes the people of a division; gives the columns of a tier for training and test people, by
transformers that have seen the training people alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.config.prediction import ANALYTE_FORMS
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.normalise.participants import standardiser
from igfmood.normalise.standardise import Release
from igfmood.performance.cohorts import names_of
from igfmood.performance.columns import SCORE, ModelColumns
from igfmood.performance.joint_normal import JointNormal
from igfmood.performance.splits import Split
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.task_data import People, TaskData, columns_of

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Prepared:
    """Training and test people with a score and without gaps.

    Parameters
    ----------
    train, test
        People.
    known_train, known_test
        Their covariates and score by name, each of shape (n,).
    score, gaps
        What was learned for them.
    """

    train: People
    test: People
    known_train: dict[str, FloatArray]
    known_test: dict[str, FloatArray]
    score: StandardScore
    gaps: JointNormal

    def columns(
        self, predictors: Sequence[str], study: Study
    ) -> tuple[FloatArray, FloatArray, ModelColumns]:
        """Return the columns of training and of test people, and how they were made.

        Raises
        ------
        NotEstimable
            If nothing in the model varies, or a spline cannot be placed.
        """
        maker = ModelColumns(tuple(predictors), tuple(study.prediction.spline_covariates))
        train = maker.fit_transform(self.known_train, self.train.y)
        if not len(maker.kept_):
            raise NotEstimable("no predictor varies among the training people")
        return train, maker.transform(self.known_test), maker


def prepare(
    data: TaskData, split: Split, study: Study, score: StandardScore | None = None
) -> Prepared:
    """Return the people of a division, ready for models.

    Parameters
    ----------
    data, split, study
        The people, who trains and who is tested, and the study.
    score
        What `fit_score` learned of the same training people, if it is known.

    Raises
    ------
    NotEstimable
        If a cohort has too few reference people for its score.
    """
    parts = [data.people.take(rows) for rows in (split.train, split.test)]
    if score is None:
        score = fit_score(parts[0], data.bystanders, study)
    cohorts = sorted({name for part in parts for name in names_of(part.cohort)})
    names = _offered(data, cohorts)
    gaps = JointNormal().fit(parts[0].predictors[names])
    rng = split.stream(study, data.task.name, "gaps")
    known = _known(data.people, names, split, score, gaps, rng)
    return Prepared(parts[0], parts[1], known[0], known[1], score, gaps)


def _known(
    people: People, names: Sequence[str], split: Split, score: StandardScore, gaps: JointNormal,
    rng: np.random.Generator,
) -> list[dict[str, FloatArray]]:  # fmt: skip
    """Covariates and score of training and of test people.

    Who is both, or drawn twice, is filled in and scored once, with random numbers of their own: a
    model is judged on the values that it was fitted to, and nobody's depend on who else is there.
    """
    involved = np.zeros(len(people), dtype=bool)
    involved[split.train] = involved[split.test] = True
    whole = bool(involved.all())
    measured = people.measured if whole else people.measured[involved]
    frame = people.predictors[names] if whole else people.predictors.loc[involved, names]
    noise = rng.standard_normal((int(involved.sum()), len(names)))
    filled = gaps.draw(frame, noise).to_numpy(float)
    values = np.full((len(people), len(names) + 1), np.nan)
    values[involved] = np.column_stack([filled, score.transform(measured)[:, 0]])
    columns = [*names, SCORE]
    return [
        {name: values[rows, i] for i, name in enumerate(columns)}
        for rows in (split.train, split.test)
    ]


def has_gaps(data: TaskData, cohorts: Sequence[str]) -> bool:
    """Return whether somebody of these cohorts lacks a predictor that all of them offer."""
    own = np.isin(data.people.cohort, list(cohorts))
    return bool(data.people.predictors.loc[own, _offered(data, cohorts)].isna().any(axis=None))


def fit_score(
    train: People, bystanders: People, study: Study,
    release: Mapping[str, Release] = MappingProxyType({}),
) -> StandardScore:  # fmt: skip
    """Learn the analyte's score of each training cohort from its training people.

    Parameters
    ----------
    train, bystanders
        See `TaskData`.
    study
        The study.
    release
        Cohort: what must hold of its score where it is to leave the study.

    Raises
    ------
    NotEstimable
        If a cohort has too few reference people.
    """
    people = train.measured
    serving = np.isin(bystanders.cohort, names_of(train.cohort))
    if serving.any():
        people = pd.concat([people, bystanders.measured[serving]], ignore_index=True)
    standardisers = {
        c.name: replace(standardiser(study, c), release=release.get(c.name)) for c in study.cohorts
    }
    return StandardScore(standardisers).fit(people)


def resolve(data: TaskData, cohorts: Sequence[str], tier: str, study: Study) -> tuple[str, ...]:
    """Return the predictors of a tier that all of these cohorts offer.

    A model for several cohorts uses what each of them has. What the two tiers of `added_value`
    ask for is needed; of other tiers some may be absent, as long as what is left is not a tier
    that asks for less.

    Raises
    ------
    NotEstimable
        If what is needed is absent, or what is left is another tier.
    """
    asked = study.prediction_tiers[tier]
    common = frozenset.intersection(*(data.available[name] for name in cohorts))
    found = tuple(name for name in asked if name in common)
    absent = [name for name in asked if name not in common]
    if not absent:
        return found
    base = study.prediction_tiers[study.added_value[1]]
    needed = [name for name in absent if name in base or name in ANALYTE_FORMS]
    same = [
        other
        for other, names in study.prediction_tiers.items()
        if set(names) < set(asked) and {*names} & common == {*found}
    ]
    if needed or same:
        lacking = needed or absent
        where = " or ".join(name for name in cohorts if not set(lacking) <= data.available[name])
        reason = f"{', '.join(lacking)} not in {where}, or not allowed there"
        if not needed:
            reason += f": the model would be that of {same[0]}"
        raise NotEstimable(reason)
    return found


def _offered(data: TaskData, cohorts: Sequence[str]) -> list[str]:
    """Columns of the covariates that every one of these cohorts has."""
    common = frozenset.intersection(*(data.available[name] for name in cohorts))
    asked = {column.split(":")[0]: None for column in data.people.predictors.columns}
    return [column for name in asked if name in common for column in columns_of(name)]
