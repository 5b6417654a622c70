"""Predictions for people who were not used to make them.

Takes a task's people; gives out-of-fold predictions of one cohort, by every model and tier, from
repeated cross-validation within it or from the other cohorts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from igfmood.config.prediction import ANALYTE_FORMS, ANALYTE_SPLINE, ANALYTE_TAILS, Cut
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.columns import SCORE
from igfmood.performance.metrics.cut_points import CutRule, cut_point
from igfmood.performance.models.boosting import METHOD as BOOSTED
from igfmood.performance.models.boosting import predict_boosted
from igfmood.performance.models.hazard_risk import fit_hazard_risk
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.models.multinomial import fit_multinomial
from igfmood.performance.nets import Net, fit_nets
from igfmood.performance.prepare import Prepared, has_gaps, prepare, resolve
from igfmood.performance.splits import VALIDATION, Split, within_cohort, without_cohort
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.task_data import People, TaskData, columns_of
from igfmood.performance.tasks import PredictionTask

FloatArray = npt.NDArray[np.float64]

LOGISTIC, ELASTIC_NET, BOOSTING = "logistic", "elastic_net", "boosting"
COX, MULTINOMIAL = "cox", "multinomial"

#: Forms of the analyte that trees are not given.
_SHAPES = {ANALYTE_SPLINE, ANALYTE_TAILS}

#: Model and tier.
Key = tuple[str, str]
#: Draw, and positions among the people.
Where = tuple[int, npt.NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Predicted:
    """Out-of-fold predictions for the people of one cohort.

    A draw is one repeat of cross-validation, or one completed table of a validation; where
    predictors have gaps, each repeat fills them anew.

    Parameters
    ----------
    analysis, cohort
        How they came about, and whose they are.
    people
        The n people.
    fold
        Fold in which each was held out, shape (draws, n).
    imputed
        Whether draws differ in what was filled in.
    p
        Model and tier: predictions, shape (draws, n), or (draws, n, classes); a model may have
        fewer draws than others, always the first.
    predictors
        Tier: what its models used.
    failures
        Model and tier: why there is no prediction.
    methods
        Model and tier: how the models were fitted, with the number of fits where this differs.
    cuts
        Model and tier, and rule: cut of the risk that was chosen in the training people, for each
        person, shape (draws, n); missing where the rule found none.
    columns
        Main models from other cohorts: columns of the people in the first draw, shape (n, p).
    """

    analysis: str
    cohort: str
    people: People
    fold: npt.NDArray[np.int64]
    imputed: bool
    p: dict[Key, FloatArray] = field(default_factory=dict)
    predictors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failures: dict[Key, str] = field(default_factory=dict)
    methods: dict[Key, dict[str, int]] = field(default_factory=dict)
    cuts: dict[tuple[Key, str], FloatArray] = field(default_factory=dict)
    columns: dict[Key, FloatArray] = field(default_factory=dict)


def cross_validate(data: TaskData, cohort: str, study: Study) -> Predicted:
    """Predict a cohort's people from the others of it.

    Raises
    ------
    NotEstimable
        If a training part has no reference curve.
    """
    splits = list(within_cohort(data, cohort, study))
    with threadpool_limits(1):  # the same sums on any number of cores
        return _predict(data, splits, [cohort], study)


def validate(
    data: TaskData, cohort: str, study: Study, score: StandardScore | None = None
) -> Predicted:
    """Predict a cohort's people from the other cohorts.

    Parameters
    ----------
    data, cohort, study
        The task's people, who is left out, and the study.
    score
        What the other cohorts teach of the score, if it is known.

    Raises
    ------
    NotEstimable
        If there is no other cohort, or one of them has no reference curve.
    """
    if len(data.cohorts) < 2:
        raise NotEstimable("no other cohort can build the model")
    tables = study.resampling.imputations if has_gaps(data, data.cohorts) else 1
    with threadpool_limits(1):
        splits = without_cohort(data, cohort, tables)
        return _predict(data, splits, data.cohorts, study, score)


def model_keys(task: PredictionTask, study: Study) -> list[Key]:
    """Return every model with every tier; trees find shapes without being given them."""
    tiers = study.prediction_tiers
    if task.kind != "binary":
        model = COX if task.kind == "time" else MULTINOMIAL
        return [(model, tier) for tier in tiers]
    return [
        (model, tier)
        for model in study.prediction.models
        for tier, predictors in tiers.items()
        if model != BOOSTING or not set(predictors) & _SHAPES
    ]


def _predict(
    data: TaskData, splits: Sequence[Split], cohorts: Sequence[str], study: Study,
    score: StandardScore | None = None,
) -> Predicted:  # fmt: skip
    cohort = splits[0].cohort
    own = np.flatnonzero(data.people.cohort == cohort)
    place = np.full(len(data.people), -1)
    place[own] = np.arange(len(own))
    draws = 1 + max(split.draw for split in splits)
    found = Predicted(
        splits[0].analysis, cohort, data.people.take(own),
        np.zeros((draws, len(own)), dtype=np.int64), has_gaps(data, cohorts),
    )  # fmt: skip
    tiers = _tiers(found, data, cohorts, study)
    nets: dict[str, list[Net]] = {tier: [] for tier in tiers}
    shape: tuple[int, ...] = (draws, len(own))
    if data.task.kind == "classes":
        shape = (*shape, len(data.task.classes))
    for split in splits:
        here = place[split.test]
        found.fold[split.draw, here] = split.fold
        # Completed tables of a validation share the training people, and so what they teach.
        ready = prepare(data, split, study, score if split.analysis == VALIDATION else None)
        score = ready.score
        for key in [key for key in model_keys(data.task, study) if key not in found.failures]:
            try:
                where = (split.draw, here)
                values = _one(found, key, ready, tiers[key[1]], split, where, data, study, nets)
            except NotEstimable as error:
                _fail(found, key, error.reason)
                continue
            if values is not None:
                _store(found, key, shape, where, values)
    _predict_nets(found, nets, place, shape, study)
    return found


def _tiers(
    found: Predicted, data: TaskData, cohorts: Sequence[str], study: Study
) -> dict[str, tuple[str, ...]]:
    """Return the predictors of each tier; a tier that cannot be built fails for every model."""
    for tier in study.prediction_tiers:
        try:
            found.predictors[tier] = resolve(data, cohorts, tier, study)
        except NotEstimable as error:
            for key in model_keys(data.task, study):
                if key[1] == tier:
                    found.failures[key] = error.reason
    return found.predictors


def _one(
    found: Predicted, key: Key, ready: Prepared, predictors: Sequence[str], split: Split,
    where: Where, data: TaskData, study: Study, nets: dict[str, list[Net]],
) -> tuple[FloatArray, str] | None:  # fmt: skip
    """Return predictions of the test people and the method; None for what is done later or not."""
    model, tier = key
    train, test = ready.train, ready.test
    if model in (ELASTIC_NET, BOOSTING) and split.draw >= study.resampling.comparison_repeats:
        return None
    if model == BOOSTING:
        return _boosted(ready, predictors, split.stream(study, data.task.name, "trees", tier))
    X, new, _ = ready.columns(predictors, study)
    if model == ELASTIC_NET:
        rng = split.stream(study, data.task.name, "penalty")
        nets[tier].append(Net(split, X, new, train, test, rng))
        return None
    if model == COX:
        horizon = study.prediction.horizon_years
        risk = fit_hazard_risk(X, train.y, train.time, train.cohort, horizon)
        return risk.predict(new, test.cohort), risk.method
    if model == MULTINOMIAL:
        classes = fit_multinomial(X, train.y, train.cohort)
        return classes.predict(new, test.cohort), classes.method
    fitted = fit_linear_risk(X, train.y, train.cohort)
    if tier in study.added_value:
        _choose_cuts(found, key, fitted.predict(X, train.cohort), train.y, where, study)
        if split.analysis == VALIDATION and split.draw == 0:
            found.columns[key] = new
    return fitted.predict(new, test.cohort), fitted.method


def _choose_cuts(
    found: Predicted, key: Key, risk: FloatArray, y: FloatArray, where: Where, study: Study
) -> None:
    """Choose cuts of the risk among training people, for the people who are tested."""
    for cut in study.prediction.cut_points:
        place = (key, cut.name)
        if place not in found.cuts:
            found.cuts[place] = np.full(found.fold.shape, np.nan)
        try:
            found.cuts[place][where] = cut_point(y, risk, rule_of(cut, float(y.mean()))).threshold
        except NotEstimable:
            continue


def rule_of(cut: Cut, prevalence: float) -> CutRule:
    """Return a configured rule; a cost is weighed at the share of cases given."""
    return CutRule(cut.rule, cut.value or 0.0, prevalence)


def _boosted(
    ready: Prepared, predictors: Sequence[str], rng: np.random.Generator
) -> tuple[FloatArray, str]:
    names = [column for name in predictors if name not in ANALYTE_FORMS
             for column in columns_of(name)]  # fmt: skip
    score = [SCORE] if any(name in ANALYTE_FORMS for name in predictors) else []
    parts = [
        np.column_stack([part.predictors[names].to_numpy(float), *(known[name] for name in score)])
        for part, known in ((ready.train, ready.known_train), (ready.test, ready.known_test))
    ]
    return predict_boosted(parts[0], ready.train.y, parts[1], rng), BOOSTED


def _predict_nets(
    found: Predicted, nets: dict[str, list[Net]], place: npt.NDArray[np.int64],
    shape: tuple[int, ...], study: Study,
) -> None:  # fmt: skip
    for tier, waiting in nets.items():
        key = (ELASTIC_NET, tier)
        if key in found.failures or not waiting:
            continue
        try:
            risks = fit_nets(waiting, study.prediction.l1_ratio)
        except NotEstimable as error:
            _fail(found, key, error.reason)
            continue
        for one, risk in zip(waiting, risks, strict=True):
            where = (one.split.draw, place[one.split.test])
            _store(found, key, shape, where, (one.predict(risk), risk.method))


def _fail(found: Predicted, key: Key, reason: str) -> None:
    """Leave nothing of a model that failed in one division."""
    found.failures[key] = reason
    found.p.pop(key, None)
    found.methods.pop(key, None)
    for place in [place for place in found.cuts if place[0] == key]:
        del found.cuts[place]


def _store(
    found: Predicted, key: Key, shape: tuple[int, ...],
    where: Where, values: tuple[FloatArray, str],
) -> None:  # fmt: skip
    p, method = values
    draw, people = where
    if key not in found.p:
        found.p[key] = np.empty((0, *shape[1:]))
        found.methods[key] = {}
    if draw >= len(found.p[key]):
        found.p[key] = np.concatenate([found.p[key], np.full((1, *shape[1:]), np.nan)])
    found.p[key][draw, people] = p
    found.methods[key][method] = found.methods[key].get(method, 0) + 1
