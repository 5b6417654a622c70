"""All worlds of a study, or a part of them.

Takes the participants of all cohorts and the claims; writes one row for each world and claim.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from igfmood import results
from igfmood.cohort.overlap import read_left_out
from igfmood.config.claims import Claim
from igfmood.config.load import load_claims
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.evidence.operating import worlds
from igfmood.evidence.operating.claims import law_of, refuse_chosen_by_scores
from igfmood.evidence.operating.engine import Outcome, Plan, World, contrast_of, of_question
from igfmood.evidence.operating.ground import Drawn, Ground, ground_of
from igfmood.evidence.operating.laws import Law, WithinLaw
from igfmood.evidence.operating.publication import published_outcome
from igfmood.evidence.operating.validation import base_auc
from igfmood.files import whole
from igfmood.performance.task_data import read_cohorts
from igfmood.processes import do_all
from igfmood.synthesis.literature import published_errors
from igfmood.synthesis.random_effects import random_effects

#: Kinds of world in which scores are drawn by the law of the claim.
_WITH_LAW = (worlds.MARGIN, worlds.CLAIMED, worlds.U_SHAPE, worlds.NON_SPECIFIC)


def try_claims(
    study: Study, claims_file: Path, participants: Mapping[str, Path], overlap: Path,
    part: int, output: Path, processes: int = 1,
) -> None:  # fmt: skip
    """Judge every claim in this part's worlds and write what came of it.

    Parameters
    ----------
    study
        The study.
    claims_file
        The claims.
    participants
        Cohort: participants table; those that failed are left out, and those that share people
        with another one.
    overlap
        Decision on cohorts that share people.
    part
        Which of the study's `operating.parts`, from 0.
    output
        Where the outcomes go: one row for each kind, world and claim, by columns of `Outcome`.
    processes
        How many processes work; the numbers are the same with any number.
    """
    left_out = read_left_out(overlap)
    tables = {
        name: table
        for name, table in read_cohorts(participants, study).items() if name not in left_out
    }  # fmt: skip
    with threadpool_limits(1):
        grounds, silent = _grounds(tables, study)
        claims = load_claims(claims_file).claims
        plans, untried = _plans(claims, grounds, silent, study)
    numbers = range(part, study.operating.worlds, study.operating.parts)
    work = [
        partial(_outcomes, World(kind.name, number, study, grounds), kind, plans)
        for number in numbers for kind in worlds.KINDS
    ]  # fmt: skip
    done = do_all("trying worlds", work, processes)
    found = [*(untried if part == 0 else ()), *(one for some in done for one in some)]
    write(found, output)


def write(outcomes: Sequence[Outcome], output: Path) -> None:
    """Write outcomes, whole or not at all."""
    names = [field.name for field in fields(Outcome)]
    table = pd.DataFrame([astuple(one) for one in outcomes], columns=names)
    kinds = {"world": "int64"} | dict.fromkeys(("kind", "claim", "verdict", "reason"), "str")
    table = table.astype(kinds | dict.fromkeys(names[5:], "float64"))
    with whole(output) as beside:
        table.to_parquet(beside, index=False)


def _outcomes(world: World, kind: worlds.Kind, plans: Sequence[Plan]) -> list[Outcome]:
    asked = [plan for plan in plans if worlds.asked(plan.claim, kind)]
    with threadpool_limits(1):
        if kind.name == worlds.PUBLISHED:
            study = world.study
            found = [
                published_outcome(
                    plan.claim, world, published_errors(plan.claim.estimand.target, study)
                )
                for plan in asked
            ]
            return [one for one in found if one is not None]
        return [world.judge(plan) for plan in asked]


def _grounds(
    tables: Mapping[str, pd.DataFrame], study: Study
) -> tuple[dict[str, Ground], dict[str, str]]:
    """Return what stays of each cohort, and why there is nothing of some."""
    grounds, silent = {}, {}
    for name, table in tables.items():
        try:
            grounds[name] = ground_of(table, study, study.cohort(name))
        except NotEstimable as error:
            silent[name] = error.reason
    return grounds, silent


def _plans(
    claims: Sequence[Claim], grounds: Mapping[str, Ground], silent: Mapping[str, str],
    study: Study,
) -> tuple[list[Plan], list[Outcome]]:  # fmt: skip
    """Return a plan for each claim that worlds can be invented for, and why not for others."""
    plans, untried = [], []
    for given in claims:
        # Who lacks the analyte lacks it in every world: the real study asks that gate.
        gates = given.gates.model_copy(update={"missing": None})
        claim = given.model_copy(update={"gates": gates})
        try:
            plans.append(_plan(claim, grounds, silent, study))
        except NotEstimable as error:
            untried.append(Outcome(worlds.NOT_TRIED, 0, claim.id, "NOT_EVALUABLE", error.reason))
    return plans, untried


def _plan(
    claim: Claim, grounds: Mapping[str, Ground], silent: Mapping[str, str], study: Study
) -> Plan:
    """Return what a world needs to know of a claim.

    Raises
    ------
    NotEstimable
        If no world is invented for such a claim, or no cohort can answer it.
    """
    if claim.estimand.analysis == "mendelian":
        raise NotEstimable("it rests on published summaries of genes, not on the cohorts' people")
    refuse_chosen_by_scores(claim, study)
    laws: dict[str, dict[str, Law | WithinLaw]] = {}
    reasons = dict(silent)
    for kind in _asked_with_law(claim):
        laws[kind] = {}
        for name, ground in grounds.items():
            try:
                laws[kind][name] = law_of(claim, kind, ground)
            except NotEstimable as error:
                reasons[name] = error.reason
    if not any(laws.values()):
        raise NotEstimable(_why_none(reasons))
    plan = Plan(claim, laws, {name: why for name, why in reasons.items() if name not in silent})
    real = {name: Drawn(ground, ground.table) for name, ground in grounds.items()}
    if claim.kind == "diagnostic":
        tables = {name: ground.table for name, ground in grounds.items()}
        plan = replace(plan, base_auc=base_auc(claim, tables, study))
        claim = contrast_of(claim)
    return replace(plan, spread=_spread(of_question(claim, plan.silent, real, study), claim))


def _asked_with_law(claim: Claim) -> Iterator[str]:
    for kind in worlds.KINDS:
        if kind.name in _WITH_LAW and worlds.asked(claim, kind):
            yield kind.name


def _why_none(reasons: Mapping[str, str]) -> str:
    """Return why no cohort can answer, each reason once."""
    said = dict.fromkeys(reasons.values())
    return "; ".join(
        f"{why} ({', '.join(name for name, one in reasons.items() if one == why)})" for why in said
    )


def _spread(rows: pd.DataFrame, claim: Claim) -> float:
    """Return the SD of the real effect between cohorts, 0 where one alone has it."""
    estimand = claim.estimand
    found = results.select(
        rows, analysis=estimand.analysis, measure=estimand.measure, term=estimand.term,
        stratum=estimand.population, status="ok",
    )  # fmt: skip
    found = found[found["cohort"] != results.POOLED]
    if len(found) < 2:
        return 0.0
    pooled = random_effects(found["estimate"].to_numpy(float), found["se"].to_numpy(float) ** 2)
    return float(np.sqrt(pooled.tau2))
