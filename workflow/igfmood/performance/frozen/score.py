"""A frozen model applied to people.

Takes a model and incoming people; gives a risk for everybody it was built for, with what was filled
in, and for everybody else the reason why not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.cohort.values import in_order, problems_at, together
from igfmood.config.measurement import Normalise
from igfmood.normalise.standardise import REACH, Standardiser, people_of
from igfmood.performance.frozen.document import Distribution, FrozenModel, Input
from igfmood.performance.frozen.incoming import Incoming
from igfmood.performance.frozen.model import FloatArray, Frozen, frozen_of
from igfmood.performance.task_data import columns_of, predictors_of

#: A score beyond this is refused. In a normal distribution one person in 1.7 million has one: it is
#: a wrong unit or decimal mark, or a disease of its own (acromegaly, hypopituitarism), of which no
#: such model knows anything. The growth standards of the WHO flag z scores beyond 5 or 6 as
#: implausible (WHO Anthro manual 2011).
FARTHEST = 5.0


@dataclass(frozen=True, eq=False)
class Scored:
    """Who was scored, and who was not.

    Parameters
    ----------
    people
        The n scored people as participants, indexed by the row of the file.
    predictors
        Their covariates, gaps as they were, n rows.
    scores
        Their standard deviation scores, shape (n,).
    linear, probability
        Linear predictor before recalibration, shape (n,) or (n, classes - 1); and risk, shape (n,),
        or the probability of every class, shape (n, classes).
    refused
        Row, column, value and reason of the others.
    """

    people: pd.DataFrame
    predictors: pd.DataFrame
    scores: FloatArray
    linear: FloatArray
    probability: FloatArray
    refused: pd.DataFrame

    def table(self, model: FrozenModel) -> pd.DataFrame:
        """Return one row a person: row of the file, risk, score, and what must be known of it."""
        found: dict[str, object] = {"row": self.people.index}
        if model.kind == "classes":
            for i, name in enumerate(model.classes):
                found[f"risk_{name}"] = self.probability[:, i]
        else:
            found["risk"] = self.probability
        if model.score is not None:
            found[model.analyte.sds] = self.scores
        unknown = {
            one.name: self.predictors[columns_of(one.name)].isna().any(axis=1).to_numpy()
            for one in model.inputs
        }
        found["filled_in"] = _named(unknown, len(self.people))
        beyond = {one.name: beyond_training(one, self.predictors) for one in model.inputs}
        if model.score is not None:
            beyond[model.analyte.sds] = _outside(self.scores, model.score.distribution)
        found["beyond_training"] = _named(beyond, len(self.people))
        return pd.DataFrame(found)


def _named(where: dict[str, npt.NDArray[np.bool_]], n: int) -> list[str]:
    return ["; ".join(name for name, rows in where.items() if rows[i]) for i in range(n)]


def beyond_training(one: Input, predictors: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return who lies beyond the training people's outer percentiles of a number, shape (n,)."""
    found = np.zeros(len(predictors), dtype=bool)
    for column, known in one.columns.items():
        found |= _outside(predictors[column].to_numpy(float), known)
    return found


def _outside(values: FloatArray, known: Distribution) -> npt.NDArray[np.bool_]:
    if known.low is None or known.high is None:
        return np.zeros(len(values), dtype=bool)
    return (values < known.low) | (values > known.high)


def score_people(model: FrozenModel, incoming: Incoming) -> Scored:
    """Score everybody whom the model was built for.

    Parameters
    ----------
    model
        The model.
    incoming
        People of a table, and rows of it that could not be read.
    """
    frozen = frozen_of(model)
    people = incoming.people
    if incoming.published is not None and frozen.score is not None:
        own = Standardiser(Normalise(), 0, incoming.published)
        frozen.score.standardisers = {incoming.cohort: own}
    problems = [incoming.refused, *_not_meant(model, people)]
    people = _left(people, problems)
    measured = people_of(people, model.analyte, np.zeros(len(people), dtype=bool))
    measured = measured.assign(cohort=incoming.cohort)
    scores = frozen.scores(measured)
    if model.score is not None:
        unscored = pd.Series(np.isnan(scores), index=people.index)
        problems.append(problems_at(
            people["age_years"], unscored, "no reference curve of the model has this age and sex"
        ))  # fmt: skip
        problems.append(_too_far(model, people, scores))
    kept = ~people.index.isin(in_order(problems)["row"])
    people, scores = people[kept], scores[kept]
    cohort = np.full(len(people), incoming.cohort)
    predictors = _predictors(people, frozen)
    linear = frozen.linear(predictors, scores, cohort)
    return Scored(
        people, predictors, scores, linear, frozen.probability(linear), in_order(problems)
    )


def _too_far(model: FrozenModel, people: pd.DataFrame, scores: FloatArray) -> pd.DataFrame:
    """Return who is so far from people of the same age and sex that something must be wrong."""
    analyte = model.analyte
    values = people[analyte.value].map("{:g}".format)
    limits = people[analyte.limit].map(("<{:g} " + analyte.unit).format)
    return problems_at(
        values.where(people[analyte.value].notna(), limits).rename(analyte.value),
        pd.Series(np.abs(scores) > FARTHEST, index=people.index),
        f"is more than {FARTHEST:g} SD from people of the same age and sex: check value and unit; "
        "a person in whom it is true is none of those the model is meant for",
    )


def _predictors(people: pd.DataFrame, frozen: Frozen) -> pd.DataFrame:
    names = dict.fromkeys(column.split(":")[0] for column in frozen.gaps.columns_)
    found = predictors_of(people, list(names))
    return found if len(names) else pd.DataFrame(index=range(len(people)))


def _left(people: pd.DataFrame, problems: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return people[~people.index.isin(together(problems)["row"])]


def _not_meant(model: FrozenModel, people: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield who is not one of those the model was built for, by variable."""
    age = people["age_years"]
    no_age, no_sex = (pd.Series("", index=people.index, name=n) for n in ("age_years", "sex"))
    yield problems_at(no_age, age.isna(), "is needed: nobody is scored without age")
    low, high = model.ages
    root = np.sqrt(age.clip(lower=0))
    far = (np.sqrt(low) - root > REACH) | (root - np.sqrt(high) > REACH)
    yield problems_at(age, far, f"is far from the ages the model was built in: {low:g} to {high:g}")
    yield problems_at(no_sex, people["sex"].isna(), "is needed: nobody is scored without sex")
    for one in model.inputs:
        if one.kind != "number" and one.name in people:
            values = _words(people[one.name], one.kind)
            rare = values.notna() & ~values.isin(one.categories)
            known = " or ".join(one.categories)
            yield problems_at(
                values.rename(one.name),
                rare,
                f"was so rare among the people the model was built from that it knows only {known}",
            )
    if model.score is not None:
        yield from _unmeasured(model, people)


def _words(values: pd.Series, kind: str) -> pd.Series:
    if kind != "flag":
        return values.astype(object)
    return values.map({True: "yes", False: "no"}, na_action="ignore").astype(object)


def _unmeasured(model: FrozenModel, people: pd.DataFrame) -> Iterator[pd.DataFrame]:
    analyte = model.analyte
    below = people[analyte.below_lod]
    value = people[analyte.converted]
    empty = pd.Series("", index=people.index, name=analyte.value)
    yield problems_at(empty, value.isna() & ~below, "is needed, and is missing")
    unknown = below & people[analyte.limit].isna()
    yield problems_at(empty, unknown, "is below a detection limit that is not known")
