"""All results of a study in one table, and its verdicts.

Takes the result tables of every stage and the claims; gives ``pooled/results.parquet``,
``pooled/verdicts.json``, and ``pooled/lock.json``: what of it was fixed beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from igfmood import results
from igfmood.config.analysis import ALL, part_of
from igfmood.config.claims import Claim
from igfmood.config.load import load_claims
from igfmood.config.prediction import COMPARED_MODELS
from igfmood.config.study import Study
from igfmood.evidence.judge import ClaimVerdict, judge_claim
from igfmood.evidence.negative_controls import add_empirical_null
from igfmood.evidence.operating.summary import add_operating
from igfmood.evidence.power import add_power
from igfmood.evidence.prespecified import Run, compare
from igfmood.evidence.robustness import add_robustness
from igfmood.evidence.sensitivity import add_claims_sensitivity
from igfmood.files import write_json
from igfmood.synthesis.row_keys import without_companion


@dataclass(frozen=True)
class Fixed:
    """What tells whether claims were fixed beforehand.

    Parameters
    ----------
    lock
        The lock file, None if there is none.
    analysis
        Parts of the analysis as they are now (`config.lock.analysis_parts`).
    inputs
        Inputs that are no cohort's: digest.
    output
        Where the answer goes.
    """

    lock: Path | None
    analysis: Mapping[str, Any]
    inputs: Mapping[str, str]
    output: Path


def judge_study(
    study: Study, claims_file: Path, tables: Sequence[Path], worlds: Sequence[Path],
    source: results.Source, output: Path, verdicts_path: Path, fixed: Fixed,
) -> None:  # fmt: skip
    """Collect every result, judge every claim and write both.

    Parameters
    ----------
    study
        The study.
    claims_file
        The claims.
    tables
        Result tables of all stages.
    worlds
        What came of the claims in worlds of known truth.
    source
        Source of the rows computed here.
    output, verdicts_path
        Where the results and the verdicts go.
    fixed
        What tells whether the claims were fixed beforehand.
    """
    claims = load_claims(claims_file).claims
    everything = results.concatenate([results.read(path) for path in tables])
    verdicts, complete = judge_table(study, claims, everything, worlds, source)
    results.write(complete, output)
    of_cohorts = {**fixed.inputs, **results.digests_of_cohorts(everything)}
    found = compare(Run(claims, fixed.analysis, of_cohorts, source.code), fixed.lock)
    found.write(fixed.output)
    judgements = [
        {**verdict.as_dict(), "prespecified": found.told[verdict.claim.id]} for verdict in verdicts
    ]
    write_json(judgements, verdicts_path)


def judge_table(
    study: Study, claims: Sequence[Claim], everything: pd.DataFrame, worlds: Sequence[Path],
    source: results.Source,
) -> tuple[list[ClaimVerdict], pd.DataFrame]:  # fmt: skip
    """Return the verdict on each claim, and all results with what was computed to reach it.

    Parameters
    ----------
    study, claims
        What is asked.
    everything
        Results of all stages before.
    worlds
        What came of the claims in worlds of known truth.
    source
        Source of the rows computed here.
    """
    rows = results.Rows(source)
    counted = main_models(everything)
    judged = [judge_claim(claim, counted, rows, study) for claim in claims]
    add_robustness(judged, counted, rows, study)
    add_claims_sensitivity(rows, claims, counted, study)
    add_power(rows, claims, counted, study)
    add_operating(rows, claims, worlds)
    add_empirical_null(rows, everything)
    verdicts = [verdict.without_cohorts(lacking(everything, verdict.claim)) for verdict in judged]
    return verdicts, results.concatenate([link_claims(everything, claims), rows.table()])


def lacking(everything: pd.DataFrame, claim: Claim) -> list[str]:
    """Return the cohorts that have no part in a claim, because what it rests on failed there."""
    estimand = claim.estimand
    analyses = [estimand.analysis, *(["contrast"] if claim.contrast else [])]
    failed = everything[
        (everything["status"] == "failed") & (everything["cohort"] != results.POOLED)
    ]
    return sorted({
        row["cohort"] for _, row in failed.iterrows() for analysis in analyses
        if results.lacks(row["analysis"], row["term"], analysis, estimand.target)
    })  # fmt: skip


def main_models(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without models that are only compared with those claims are judged by."""
    return table[~table["model"].isin(COMPARED_MODELS)]


def link_claims(table: pd.DataFrame, claims: Sequence[Claim]) -> pd.DataFrame:
    """Return the table with the claim that each row is evidence for.

    A row belongs to the claim that names its analysis, target, adjustment, measure and term, and
    else to the first one that names analysis, target and adjustment; rows of the same estimand for
    one cohort, or without one, belong to it too. A claim about a subset has the rows of that
    subset, and no other.
    """
    linked = table["claim"].copy()
    terms = table["term"].map(without_companion)
    subsets_first = sorted(claims, key=lambda claim: claim.estimand.population == ALL)
    for exactly in (True, False):
        for claim in subsets_first:
            estimand = claim.estimand
            mine = _is_of(table["stratum"], estimand.population) & (
                (table["analysis"] == estimand.analysis)
                & (table["target"] == estimand.target)
                & (table["adjustment"] == estimand.adjustment)
            )
            if exactly:
                mine &= (table["measure"] == estimand.measure) & terms.isin(estimand.terms)
            linked = linked.mask(mine & (linked == ""), claim.id)
    return table.assign(claim=linked)


def _is_of(strata: "pd.Series[str]", population: str) -> "pd.Series[bool]":
    """Return which strata may stand behind a claim about a population."""
    if population == ALL:
        return pd.Series(True, index=strata.index)
    return (strata == population) | strata.map(lambda one: part_of(one, population) is not None)
