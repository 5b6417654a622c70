"""One world: scores drawn, everything learned and estimated anew, every claim judged.

Takes what was planned for each claim; gives one outcome a claim: verdict, estimate and interval,
by the same code that judges the real data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from igfmood import results
from igfmood.association.question import answer
from igfmood.association.visits import add_change_within, add_decline
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.evidence.judge import judge_claim
from igfmood.evidence.operating import worlds
from igfmood.evidence.operating.claims import (
    NO_ILLNESS,
    question_for,
    specification_of,
    task_of,
)
from igfmood.evidence.operating.ground import Drawn, Ground
from igfmood.evidence.operating.laws import FloatArray, Law, WithinLaw, both_tails, smd_of
from igfmood.evidence.operating.pooling import source_of, with_pooled
from igfmood.evidence.operating.validation import added_for
from igfmood.evidence.pooled_rows import pooled_row, wider_row
from igfmood.evidence.verdict import Verdict
from igfmood.seeds import stream
from igfmood.synthesis.study import pool_estimates

#: How readily a case is taken into the next batch, against anybody else.
CONFOUNDED = 0.5
#: No test is planted to be better than this.
_BEST = 0.99
#: What a world made of each cohort.
Tables = Mapping[str, Drawn]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a world needs to know of a claim.

    Parameters
    ----------
    claim
        The claim.
    laws
        Kind of world: cohort: the law of its effect; cohorts that cannot answer are not there.
    silent
        Cohorts that cannot answer, and why.
    spread
        SD of the effect between cohorts, estimated from the real ones.
    base_auc
        Of a diagnostic claim: AUC of the model without the analyte.
    """

    claim: Claim
    laws: Mapping[str, Mapping[str, Law | WithinLaw]]
    silent: Mapping[str, str]
    spread: float = 0.0
    base_auc: float = 0.5


@dataclass(frozen=True)
class Outcome:
    """What came of a claim in one world; estimate and limits are missing where there are none."""

    kind: str
    world: int
    claim: str
    verdict: Verdict
    reason: str
    truth: float = float("nan")
    estimate: float = float("nan")
    ci_low: float = float("nan")
    ci_high: float = float("nan")


@dataclass(frozen=True, eq=False)
class World:
    """One world of a kind, by its number.

    Parameters
    ----------
    kind, number
        Which it is.
    study
        The study.
    grounds
        The cohorts that count.
    """

    kind: str
    number: int
    study: Study
    grounds: Mapping[str, Ground]
    _same: dict[str, Drawn] = field(default_factory=dict)

    def rng(self, cohort: str, *keys: str) -> np.random.Generator:
        """Random numbers of one cohort in this world."""
        return stream(self.study.seed, "operating", self.kind, self.number, cohort, *keys)

    def tables(self, plan: Plan) -> tuple[Tables, float]:
        """Return the participants that a claim is judged by, and the effect they were given."""
        if self.kind in (worlds.NULL, worlds.BATCH, worlds.PERMUTED):
            # Whatever the claim: these worlds are the same for all.
            return {name: self._without_effect(name) for name in self.grounds}, 0.0
        effect = planted(plan, self.kind, self.study)
        in_its_unit = self.kind != worlds.U_SHAPE or plan.claim.estimand.analysis == "tails"
        spread = plan.spread if in_its_unit else 0.0
        own = {}
        for name, law in plan.laws.get(self.kind, {}).items():
            ground, rng = self.grounds[name], self.rng(name, plan.claim.id)
            here = effect + spread * float(rng.standard_normal())
            outcome = None
            if isinstance(law, Law) and law.outcome is not None:
                column, values = law.outcome
                outcome = (column, law.rows, values(here))
            table = ground.with_scores(law.scores(ground, here, rng), outcome)
            own[name] = Drawn(ground, table)
        return own, effect

    def _without_effect(self, name: str) -> Drawn:
        if name not in self._same:
            ground, rng = self.grounds[name], self.rng(name)
            if self.kind == worlds.PERMUTED:
                table = ground.permuted(rng)
            else:
                at_first = rng.standard_normal(len(ground.data.people))
                scores = ground.at_all_visits(at_first, rng)
                table = (
                    in_other_batches(ground, scores, rng, self.study.operating.lot_shift)
                    if self.kind == worlds.BATCH else ground.with_scores(scores)
                )  # fmt: skip
            self._same[name] = Drawn(ground, table)
        return self._same[name]

    def judge(self, plan: Plan) -> Outcome:
        """Estimate and judge a claim in this world."""
        tables, effect = self.tables(plan)
        rows = estimated(plan, tables, self.study)
        claim, source = plan.claim, source_of(self.study, results.POOLED)
        verdict = judge_claim(claim, rows, results.Rows(source), self.study).judgement
        outcome = Outcome(self.kind, self.number, claim.id, verdict.verdict, verdict.reason)
        pooled = pooled_row(rows, claim, claim.estimand.measure, claim.estimand.term)
        if pooled is None or pooled["status"] != "ok":
            return outcome
        wider = wider_row(pooled, rows)
        return replace(
            outcome, truth=truth(plan, self.kind, effect, self.study),
            estimate=float(pooled["estimate"]), ci_low=float(wider["ci_low"]),
            ci_high=float(wider["ci_high"]),
        )  # fmt: skip


def planted(plan: Plan, kind: str, study: Study) -> float:
    """Return the effect by which scores are drawn: of a diagnostic claim the difference in SDs.

    A model of age, sex and BMI with the AUC ``phi(d0 / sqrt 2)`` and an independent score that
    differs by d have together that of ``sqrt(d0^2 + d^2)``.
    """
    claim, settings = plan.claim, study.operating
    if kind == worlds.U_SHAPE:
        return settings.effect * worlds.TAIL
    size = worlds.effect(claim, kind, settings)
    if claim.kind != "diagnostic":
        return size
    base = max(plan.base_auc, 0.5)
    # The claim is right only where the analyte adds as much as it declares, too.
    gain = {worlds.MARGIN: 1.0, worlds.CLAIMED: settings.effect,
            worlds.NON_SPECIFIC: settings.effect}.get(kind)  # fmt: skip
    reached = size if gain is None else min(max(size, base + gain * claim.margin), _BEST)
    before, wanted = (float(np.sqrt(2) * ndtri(auc)) for auc in (base, reached))
    difference = float(np.sqrt(max(wanted**2 - before**2, 0.0)))
    return difference if claim.direction == "higher" else -difference


def truth(plan: Plan, kind: str, effect: float, study: Study) -> float:
    """Return the true value of a claim's estimand in a world, missing where it has no formula.

    The AUC of a model that is built anew in each world has none.
    """
    claim = plan.claim
    if claim.kind == "diagnostic":
        return float("nan")
    if claim.estimand.analysis == "contrast":
        if kind == worlds.U_SHAPE:
            shape = study.shape
            tilt = both_tails(np.array([True]), shape.low_percentile, shape.high_percentile)
            return smd_of(tilt, effect)
        if kind == worlds.NON_SPECIFIC and task_of(claim, study).controls != ["control"]:
            return 0.0
    return effect


def in_other_batches(
    ground: Ground, scores: FloatArray, rng: np.random.Generator, spread: float
) -> pd.DataFrame:
    """Return the table of a cohort whose cases went more into some batches than into others.

    Batches are filled one after the other, and each keeps its number of people; whoever has a
    diagnosis is taken half as readily as anybody else, so that the share of cases rises from batch
    to batch. The log shifts between batches are normal.
    """
    batch = ground.table[f"{ground.study.analyte.name}_batch"].to_numpy(object).copy()
    labels = ground.people["batch"].to_numpy(str)
    ill = ~np.isin(ground.table["diagnosis"].to_numpy(object), NO_ILLNESS)
    rows = np.flatnonzero(labels != "")
    waiting = rng.exponential(size=len(rows)) / np.where(ill[rows], CONFOUNDED, 1.0)
    order = rows[np.argsort(waiting, kind="stable")]
    batch[order] = np.sort(labels[rows])
    names, code = np.unique(np.where(labels == "", "", batch.astype(str)), return_inverse=True)
    shift = spread * rng.standard_normal(len(names))
    return ground.with_batches(scores, batch, shift[code])


def estimated(plan: Plan, tables: Tables, study: Study) -> pd.DataFrame:
    """Return every row that a claim is judged by, of cohorts and pooled."""
    if plan.claim.kind != "diagnostic":
        return of_question(plan.claim, plan.silent, tables, study)
    as_tables = {name: drawn.table for name, drawn in tables.items()}
    return pd.concat(
        [
            added_for(plan.claim, as_tables, study),
            of_question(contrast_of(plan.claim), plan.silent, tables, study),
        ],
        ignore_index=True,
    )


def contrast_of(claim: Claim) -> Claim:
    """Return the group difference that a diagnostic claim must not point away from, as a claim."""
    estimand = claim.estimand.model_copy(
        update={"analysis": "contrast", "measure": "smd", "adjustment": claim.contrast}
    )
    return claim.model_copy(update={"estimand": estimand, "kind": "effect"})


def of_question(
    claim: Claim, silent: Mapping[str, str], tables: Tables, study: Study
) -> pd.DataFrame:  # fmt: skip
    """Return the rows of one number of every cohort, and pooled."""
    found: list[Mapping[str, Any]] = []
    for name, drawn in tables.items():
        rows = results.Rows(source_of(study, name))
        if name not in silent:
            _add_number(rows, claim, drawn)
        found += rows.rows
    pool = partial(pool_estimates, populations=[claim.estimand.population])
    return with_pooled(found, study, pool)


def _add_number(rows: results.Rows, claim: Claim, drawn: Drawn) -> None:
    estimand, study = claim.estimand, drawn.ground.study
    if estimand.analysis == "within_person":
        return add_change_within(rows, drawn.table, study)
    if estimand.term in ("decline", "level_over_visits"):
        return add_decline(rows, drawn.table, study)
    question = question_for(claim, study)
    assert question is not None
    shared = {
        "analysis": question.analysis, "target": question.target, "model": question.model,
        "exposure": study.analyte.sds, "adjustment": estimand.adjustment,
        "stratum": estimand.population, "measure": estimand.measure,
    }  # fmt: skip
    try:
        question.allowed(drawn.data)
        found = answer(question, specification_of(claim), drawn.data)
    except NotEstimable as error:
        for term in estimand.terms:
            rows.add_not_estimable(error.reason, **shared, term=term)
        return None
    for term in estimand.terms:
        rows.add(**shared, term=term, **found[estimand.measure, term])
    return None
