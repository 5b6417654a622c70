"""Mendelian randomisation of the study's analyte, written into the results.

Takes the summary tables that the study names; writes, per outcome, every method's estimate, what
speaks against it, and how many variants were left out and why.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from igfmood.config.genetics import GeneticOutcome
from igfmood.config.study import Study
from igfmood.errors import DataError, NotEstimable
from igfmood.results import Rows
from igfmood.seeds import stream
from igfmood.synthesis.genetic_tables import (
    frequencies_compared,
    read_exposure,
    read_outcome,
    read_study_correlations,
)
from igfmood.synthesis.mendelian.correlations import Correlations
from igfmood.synthesis.mendelian.estimators import MREstimate
from igfmood.synthesis.mendelian.instruments import Direction
from igfmood.synthesis.mendelian.mr import (
    MendelianRandomisation,
    mendelian_randomisation,
    mendelian_randomisation_correlated,
)


def add_genetics(rows: Rows, study: Study) -> None:
    """Write what genes say, if the study names summary tables.

    A table that became unusable since the study was checked is the reason why its outcome is not
    estimable; the others are.
    """
    if study.genetics is None:
        return
    outcomes = study.genetics.outcomes
    try:
        exposure = read_exposure(study, study.genetics)
        correlations = read_study_correlations(study, study.genetics)
    except DataError as error:
        for outcome in outcomes:
            rows.add_not_estimable(str(error), **_keys(study, outcome, "mendelian"))
        return
    for outcome in outcomes:
        try:
            table = read_outcome(study, outcome, set(exposure["variant"]))
            found = _randomise(study, outcome, exposure, table, correlations)
        except (DataError, NotEstimable) as error:
            rows.add_not_estimable(str(error), **_keys(study, outcome, "mendelian"))
        else:
            _add(rows, study, outcome, found)


def _randomise(
    study: Study, outcome: GeneticOutcome, exposure: pd.DataFrame, table: pd.DataFrame,
    correlations: Correlations | None,
) -> MendelianRandomisation:  # fmt: skip
    if correlations is not None:
        return mendelian_randomisation_correlated(exposure, table, correlations, study.level)
    rng = stream(study.seed, "mendelian", outcome.name)
    return mendelian_randomisation(exposure, table, rng, study.level)


def _keys(study: Study, outcome: GeneticOutcome, model: str) -> dict[str, str]:
    return {
        "analysis": "mendelian", "target": outcome.name, "exposure": study.analyte.sds,
        "model": model, "stratum": "all", "measure": "beta",
    }  # fmt: skip


def _add(rows: Rows, study: Study, outcome: GeneticOutcome, found: MendelianRandomisation) -> None:
    main = found.estimates[0]
    for estimate in found.estimates:
        term = "" if estimate is main else estimate.method
        rows.add(**_keys(study, outcome, "mendelian"), term=term, **_columns(estimate))
    for method, reason in found.refused:
        rows.add_not_estimable(reason, **_keys(study, outcome, "mendelian"), term=method)
    for variant, estimate in found.leave_one_out:
        keys = {**_keys(study, outcome, "mendelian"), "stratum": f"without {variant}"}
        rows.add(**keys, **_columns(estimate))
    _add_checks(rows, study, outcome, found)


def _columns(estimate: MREstimate) -> dict[str, object]:
    return {
        "estimate": estimate.estimate, "se": estimate.se, "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high, "p": estimate.p, "n": estimate.n_variants,
        "df": estimate.df if estimate.df is not None and estimate.df < 1e9 else None,
        "method": f"{estimate.method}; n counts variants; log odds per SD",
    }  # fmt: skip


def _add_direction(rows: Rows, keys: Mapping[str, str], found: Direction) -> None:
    """Write what the variants explain of both, and whether the exposure can come first."""
    for term, share in (("exposure", found.r2_exposure), ("outcome", found.r2_outcome)):
        method = f"share of the variance of the {term} that the variants explain"
        rows.add(**keys, measure="r2", term=term, estimate=share, method=method)
    word = "exposure first" if found.exposure_first else "outcome first: the direction is wrong"
    rows.add(
        **keys, measure="r2_difference", term="steiger",
        estimate=found.r2_exposure - found.r2_outcome, p=found.p,
        method=f"Steiger test, two-sided, that the variants explain both alike: {word}",
    )  # fmt: skip


def _add_checks(
    rows: Rows, study: Study, outcome: GeneticOutcome, found: MendelianRandomisation
) -> None:
    """Write heterogeneity, pleiotropy, strength, direction, and variants left out."""
    keys = {**_keys(study, outcome, "mendelian")}
    del keys["measure"]
    if found.heterogeneity is not None:
        rows.add(
            **keys, measure="q", estimate=found.heterogeneity.q, p=found.heterogeneity.p,
            df=found.heterogeneity.df, method="Cochran's Q over variants",
        )  # fmt: skip
    if found.egger is not None:
        columns = _columns(found.egger.intercept)
        columns["method"] = f"{found.egger.intercept.method}; n counts variants; log odds"
        rows.add(**keys, measure="intercept", term="MR-Egger", **columns)
    rows.add(
        **keys, measure="f", term="mean", estimate=found.strength.f_mean,
        method="mean F statistic of the variants on the exposure",
    )  # fmt: skip
    rows.add(
        **keys, measure="f", term="smallest", estimate=found.strength.f_min,
        method="smallest F statistic of the variants on the exposure",
    )  # fmt: skip
    if found.correlation is None:
        rows.add(
            **keys, measure="i2_gx", estimate=found.strength.i2_gx,
            method="I2 of the variants on the exposure, 0 to 1: below 0.9 MR-Egger is diluted",
        )  # fmt: skip
    else:
        largest = np.abs(found.correlation - np.eye(len(found.correlation))).max()
        rows.add(
            **keys, measure="r", term="largest", estimate=largest, n=len(found.correlation),
            method="largest correlation of two variants, sign left off; n counts variants",
        )  # fmt: skip
    if found.direction is not None:
        _add_direction(rows, keys, found.direction)
    rows.add(
        **keys, measure="compared", term="frequencies", estimate=found.harmonised.compared,
        method=frequencies_compared(found.harmonised),
    )  # fmt: skip
    # What is said of the single variant (its P, its alleles) stands behind a colon or bracket.
    reasons = found.harmonised.dropped["reason"].str.split(r":| \(", regex=True).str[0]
    left_out = reasons.value_counts().sort_index()
    for reason, n in left_out.items():
        rows.add(
            **keys,
            measure="left_out",
            term=str(reason),
            estimate=int(n),
            method="variants left out",
        )
    # One synthesis of published studies stands behind the number, as one cohort would.
    rows.add(
        **keys, measure="k", term="beta", estimate=1, method="pairs of summary tables",
    )  # fmt: skip
