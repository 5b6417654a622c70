"""Rows about the quality and the normalisation of a cohort, made by hand, with small counts.

Takes the small counts; gives findings that hold them wherever the pipeline would write them.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from igfmood import results
from igfmood.report.load import Findings
from igfmood.results import Rows, Source

#: People by group at the first visit, and those without the analyte, as in table 1.
PEOPLE = {"control": 112, "mdd": 62, "scz": 6}
WITHOUT = {"control": 2, "mdd": 2, "scz": 2}
ALL = sum(PEOPLE.values())
QUALITY: dict[str, Any] = {"analysis": "quality"}


@dataclass(frozen=True)
class Small:
    """Counts below ten that nobody may learn."""

    bmi: int = 3
    bmi_known: int = 3
    scz_in_a: int = 3
    below_3rd: int = 3
    above_97th: int = 3
    redefined: int = 3
    unmatched: int = 3
    odd_rows: int = 3
    identical: int = 3
    same_keys: int = 3
    digits: int = 3
    women: int = 3


def describe(findings: Findings, small: Small | None = None, **changes: Any) -> Findings:
    """Return the small study with its cohorts described; `changes` go to `add_cohort`."""
    small = small or Small()
    tables, flows = [findings.table], dict(findings.flows)
    for name, flow in findings.flows.items():
        if flow["status"] != "ok":
            continue
        rows = Rows(_source(name))
        add_cohort(rows, small, **changes)
        tables.append(rows.table())
        flows[name] = flow | told(small, name)
    pooled = Rows(_source(results.POOLED))
    add_overlap(pooled, small)
    table = results.concatenate([*tables, pooled.table()])
    return replace(findings, table=table, flows=flows)


def _source(cohort: str) -> Source:
    return Source("small", cohort, 7, "c0de", "da7a")


def told(small: Small, cohort: str) -> dict[str, Any]:
    """Return what the flow of a cohort says beside counts of rows."""
    return {
        "controls_redefined": small.redefined,
        "not_applied": [{"rule": "gh_disorder", "lacks": "gh_disorder"}],
        "joined": [
            {"table": "labs.csv", "rows": 400, "matched": 197, "unmatched": small.unmatched}
        ],
        "found_out": [f"{cohort}.csv: {small.odd_rows} rows with another number of fields"],
    }  # fmt: skip


def add_cohort(
    rows: Rows, small: Small, *, batches: bool = True, gate: str = "PASS", curve: bool = True
) -> None:  # fmt: skip
    """Add everything that a cohort tells of its quality and normalisation."""
    rows.add(
        analysis="flow", stratum="controls_redefined", measure="count", estimate=small.redefined,
        n=small.redefined,
    )  # fmt: skip
    _add_gaps(rows, small)
    _add_columns(rows, small)
    if batches:
        _add_batches(rows, small, gate)
    if curve:
        _add_curve(rows, small)
    for place, model in enumerate(("lod_sqrt2", "lod_half", "lod", "tobit")):
        rows.add(
            analysis="below_limit", target="depression", model=model, measure="log_ratio",
            estimate=-0.2 + 0.01 * place, ci_low=-0.3, ci_high=-0.1 + 0.06 * place, n=170,
        )  # fmt: skip


def _add_gaps(rows: Rows, small: Small) -> None:
    gaps = {
        "bmi": {"control": small.bmi, "mdd": 40, "scz": 0},
        "smoking": {"control": 112 - small.bmi_known, "mdd": 62, "scz": 6},
        "phq9_total": {"control": 12, "mdd": 3, "scz": 0},
        "age_years": {"control": 0, "mdd": 0, "scz": 0},
        "igf1": WITHOUT,
    }
    for term, missing in gaps.items():
        everybody = {"all": sum(missing.values()), **missing}
        for group, n in everybody.items():
            people = ALL if group == "all" else PEOPLE[group]
            rows.add(
                **QUALITY, stratum=group, term=term, measure="missing", estimate=n / people,
                n=people, n_events=n,
            )  # fmt: skip


def _add_columns(rows: Rows, small: Small) -> None:
    measured = {group: n - WITHOUT[group] for group, n in PEOPLE.items()}
    below = {"control": 4, "mdd": 0, "scz": 0}
    for group, n in {"all": sum(measured.values()), **measured}.items():
        events = sum(below.values()) if group == "all" else below[group]
        rows.add(
            **QUALITY, stratum=group, term="igf1", measure="below_limit", estimate=events / n,
            ci_low=0.0, ci_high=0.1, n=n, n_events=events,
        )  # fmt: skip
    shared: dict[str, Any] = {**QUALITY, "stratum": "all"}
    rows.add(
        **shared, term="igf1_value", measure="digit_0_or_5", estimate=small.digits / 170, n=170,
        n_events=small.digits, ci_low=0.0, ci_high=0.2,
    )  # fmt: skip
    rows.add(**shared, term="igf1_value", measure="digit_chi2", estimate=9.0, p=0.4, n=170)
    rows.add(
        **shared, term="phq9_items", measure="cronbach_alpha", estimate=0.81, ci_low=0.78,
        ci_high=0.84, n=165,
    )  # fmt: skip
    rows.add(
        **shared, term="phq9_total_given", measure="share_equal", estimate=150 / 165, n=165,
        n_events=150,
    )  # fmt: skip
    for measure, days in (("median", 2.0), ("p25", 0.0), ("p75", 6.0)):
        rows.add(**shared, term="lag_days", measure=measure, estimate=days, n=170)
    rows.add(
        **shared, term="lag_days", measure="beyond_14_days", estimate=0.1, n=170, n_events=17,
        ci_low=0.06, ci_high=0.15,
    )  # fmt: skip
    rows.add(
        **shared, exposure="igf1", term="age_years", measure="smd_measured", estimate=-0.17, n=ALL,
        n_events=174, method="standardised mean difference",
    )  # fmt: skip
    rows.add_not_estimable(
        "too few people without IGF-1: 3 < 10", **shared, exposure="igf1", term="bmi",
        measure="smd_measured",
    )  # fmt: skip


def _add_batches(rows: Rows, small: Small, gate: str) -> None:
    in_a = {"control": 60, "mdd": 31, "scz": small.scz_in_a}
    for group, n in in_a.items():
        measured = PEOPLE[group] - WITHOUT[group]
        for batch, count in (("A", n), ("B", measured - n)):
            rows.add(
                **QUALITY, exposure="igf1_batch", stratum=group, term=batch, measure="count",
                estimate=count, n=measured,
            )  # fmt: skip
    keys: dict[str, Any] = {**QUALITY, "exposure": "igf1_batch", "stratum": "all"}
    within = 0.96 if gate == "PASS" else 0.12
    rows.add(
        **keys, target="depression", measure="within_batch", estimate=within, n=170, n_events=60
    )
    rows.add_not_estimable(
        "one batch, or cases or controls with the analyte are absent", **keys, target="bipolar",
        measure="within_batch",
    )  # fmt: skip
    if gate == "FAIL":
        rows.add_not_estimable(
            "assay batch is confounded with the diagnosis", **keys, target="depression",
            measure="within_batch_gate",
        )  # fmt: skip
    for place, (batch, level, flag, n) in enumerate(
        (("A", 140.0, "in control", 94), ("B", 160.0, "action", 80), ("tiny", 99.0, "action", 3))
    ):
        drift = {"analysis": "batch_drift", "exposure": "igf1_ng_ml", "stratum": batch, "n": n}
        rows.add(
            **drift, term=flag, measure="geometric_mean", estimate=level, ci_low=135, ci_high=155,
        )  # fmt: skip
        rows.add(**drift, measure="place", estimate=place)
        for measure in ("ratio", "sd_ratio"):
            rows.add(
                analysis="batch", exposure="igf1_ng_ml", stratum=batch, measure=measure,
                estimate=level / 150, n=n,
                method=f"location-scale correction (n = {170 + small.women}): {small.women} women",
            )  # fmt: skip


def _add_curve(rows: Rows, small: Small) -> None:
    for sex in ("male", "female"):
        for place, centile in enumerate(("p3", "p10", "p50", "p90", "p97")):
            for age in (20, 40, 60):
                rows.add(
                    analysis="reference_curve", exposure="igf1_ng_ml", stratum=sex,
                    term=f"{age} years", measure=centile, estimate=60 + 40 * place - age / 2,
                    n=110, method="bccg",
                )  # fmt: skip
    below = {"p3": small.below_3rd, "p10": 12, "p50": 55, "p90": 98, "p97": 110 - small.above_97th}
    for centile, events in below.items():
        rows.add(
            analysis="reference_coverage", exposure="igf1_sds", model="bccg", stratum="all",
            term=centile, measure="coverage", estimate=events / 110, n=110, n_events=events,
        )  # fmt: skip
    for expected in np.linspace(-1.6, 1.6, 9):
        rows.add(
            analysis="reference_worm", exposure="igf1_sds", stratum="all", term=f"{expected:.3f}",
            measure="deviation", estimate=0.1 * expected, ci_low=-0.2, ci_high=0.2, n=110,
        )  # fmt: skip


def add_overlap(rows: Rows, small: Small, *, found: bool = False) -> None:
    """Add the comparison of the two cohorts."""
    method = (
        "left out of pooling: register (same keys, with the same sex and age)"
        if found
        else "no sign of the same people"
    )
    keys: dict[str, Any] = {
        "analysis": "overlap", "exposure": "igf1", "term": "clinic ~ register", "method": method,
    }  # fmt: skip
    values = {
        "overlap": float(found), "declared": 0.0, "same_keys": small.same_keys,
        "identical_rows": small.identical, "expected_rows": 0.4,
    }  # fmt: skip
    for measure, value in values.items():
        rows.add(**keys, measure=measure, estimate=value, n=340)
    rows.add(**keys, measure="p", estimate=1e-9 * small.identical, n=340)
