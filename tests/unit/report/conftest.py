"""A small finished study, made by hand: three cohorts, one failed, one with a hostile label.

Gives: the files a report is written from, and ways to change them.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from igfmood import results
from igfmood.config.load import parse_study
from igfmood.report.counts import Counts
from igfmood.report.html import Picture, render
from igfmood.report.load import Findings, ReportInputs, load_findings
from igfmood.report.names import figure_names
from igfmood.results import Rows, Source

HOSTILE = "<script>alert(1)</script> $\\frac{$ =1+1"

CLAIMS = [
    {
        "id": "lower", "statement": "IGF-1 is lower in depression.", "category": "susceptibility",
        "estimand": {"analysis": "contrast", "target": "depression", "measure": "smd",
                     "adjustment": "adjusted"},
        "direction": "lower", "margin": 0.2,
    },
    {
        "id": "test", "statement": "IGF-1 is a diagnostic biomarker.", "category": "diagnostic",
        "kind": "diagnostic", "bound": 0.7, "margin": 0.02, "contrast": "adjusted",
        "estimand": {"analysis": "validation", "target": "depression", "measure": "auc",
                     "adjustment": "base_analyte"},
    },
    {
        "id": "cognition", "statement": "Higher IGF-1 goes with better cognition.",
        "category": "prognostic", "estimand": {"analysis": "cognition", "target": "cognition_score",
                                               "measure": "beta", "adjustment": "adjusted"},
    },
]  # fmt: skip

SHARED = {"exposure": "igf1_sds", "stratum": "all"}
TIERS = ("base", "analyte", "base_analyte")


def cohort_entry(name: str, label: str) -> dict[str, Any]:
    return {
        "name": name, "label": label, "design": "clinical", "table": f"{name}.csv",
        "columns": {"participant_id": "id", "age_years": "age", "sex": "sex", "bmi": "bmi",
                    "pregnant": "pregnant"},
        "analyte": {"column": "igf1", "unit": "ng/mL", "lod": 30, "assay": "<b>assay</b>"},
        "phq9": {"total": "phq"},
        "diagnosis": {"source": "labels", "columns": ["dx"],
                      "labels": {"d": "mdd", "c": "control"}},
        "include": [{"name": "adult <i>", "variable": "age_years", "at_least": 18}],
        "exclude": [{"name": "pregnant", "variable": "pregnant", "equals": ["yes"]}],
    }  # fmt: skip


def add_cohort(rows: Rows, shift: float) -> dict[str, Any]:
    """Add everything one cohort tells; return its flow."""
    flow = {
        "cohort": rows.source.cohort, "status": "ok", "rows_in": 200, "quarantined": 3,
        "excluded": [{"rule": "adult <i>", "rows": 0}, {"rule": "pregnant", "rows": 17}],
        "analysed": 180, "participants": 180,
        "before_exclusions": {"phq9_complete": 190, "phq9_10_or_more": 70}, "groups": {},
    }  # fmt: skip
    counts = {
        ("rows_in", ""): 200, ("quarantined", ""): 3, ("excluded", "01 adult <i>"): 0,
        ("excluded", "02 pregnant"): 17, ("analysed", ""): 180, ("participants", ""): 180,
        ("before_exclusions", "phq9_complete"): 190, ("before_exclusions", "phq9_10_or_more"): 70,
    }  # fmt: skip
    for (stratum, term), n in counts.items():
        rows.add(analysis="flow", stratum=stratum, term=term, measure="count", estimate=n, n=n)
    for group, n, women, below in (("control", 112, 60, 4), ("mdd", 62, 40, 0), ("scz", 6, 4, 0)):
        for term, measure, value, known in (
            ("people", "count", n, n), ("female", "count", women, n),
            ("igf1_ng_ml", "missing", 2, n), ("igf1_below_lod", "count", below, n),
            ("age_years", "mean", 41.23456, n), ("age_years", "sd", 12.1, n),
            ("igf1_ng_ml", "median", 163.7, n - 2), ("igf1_ng_ml", "p25", 120.2, n - 2),
            ("igf1_ng_ml", "p75", 211.9, n - 2),
        ):  # fmt: skip
            rows.add(
                analysis="table1",
                stratum=group,
                term=term,
                measure=measure,
                estimate=value,
                n=known,
            )
    rows.add(analysis="reference_curve", exposure="igf1_sds", measure="n", estimate=110, n=110)
    smd = {
        "analysis": "contrast",
        "target": "depression",
        "measure": "smd",
        "n": 160,
        "n_events": 55,
    }
    for tier, value in (("adjusted", -0.5 + shift), ("unadjusted", -0.4 + shift)):
        rows.add(
            **SHARED, **smd, adjustment=tier, estimate=value, se=0.15, ci_low=value - 0.3,
            ci_high=value + 0.3, p=0.001,
        )  # fmt: skip
    return flow


def add_performance(rows: Rows) -> None:
    """Add AUC, calibration and curves of every tier."""
    counts = (
        {"n": 160, "n_events": 55}
        if rows.source.cohort != results.POOLED
        else {"n": 320, "n_events": 110}
    )
    keys = {**SHARED, "target": "depression", "model": "logistic"}
    for analysis in ("cross_validation", "validation"):
        for place, tier in enumerate(TIERS):
            auc = 0.55 + 0.07 * place
            where = {**keys, **counts, "analysis": analysis, "adjustment": tier}
            rows.add(**where, measure="auc", estimate=auc, ci_low=auc - 0.04, ci_high=auc + 0.04)
            rows.add(**where, measure="calibration_slope", estimate=0.9, ci_low=0.5, ci_high=1.3)
        where = {**keys, **counts, "analysis": analysis, "adjustment": "base_analyte"}
        rows.add(
            **where, measure="delta_auc", term="over base", estimate=0.05, ci_low=0.01,
            ci_high=0.09, p=0.02,
        )  # fmt: skip
    if rows.source.cohort == results.POOLED:
        return
    for tier in ("base", "base_analyte"):
        where = {**keys, **counts, "adjustment": tier, "stratum": "validation"}
        for x in np.linspace(0, 1, 21):
            rows.add(
                **where, analysis="roc_curve", term=f"{x:.2f}", measure="sensitivity",
                estimate=float(np.sqrt(x)),
            )  # fmt: skip
        for order, x in enumerate(np.linspace(0.2, 0.6, 10)):
            for measure in ("predicted", "observed"):
                rows.add(
                    **where, analysis="calibration_curve", term=f"{order:02d}", measure=measure,
                    estimate=float(x), ci_low=float(x) - 0.05, ci_high=float(x) + 0.05,
                )  # fmt: skip


def add_pooled(rows: Rows, cohorts: list[str]) -> None:
    """Add the synthesis and what verdicts rest on."""
    counts = {"n": 320, "n_events": 110}
    keys = {**SHARED, "analysis": "contrast", "target": "depression", "adjustment": "adjusted"}
    rows.add(
        **keys, **counts, measure="smd", estimate=-0.5, se=0.1, ci_low=-0.7996, ci_high=-0.2004,
        p=0.0004, df=1,
    )  # fmt: skip
    rows.add(
        **keys, **counts, measure="smd", term="prediction_interval", estimate=-0.5, ci_low=-0.9,
        ci_high=-0.1,
    )  # fmt: skip
    for measure, value, p in (
        ("k", 2, None),
        ("tau2", 0.01, None),
        ("i2", 12, None),
        ("q", 1.1, 0.3),
    ):
        rows.add(**keys, term="smd", measure=measure, estimate=value, p=p)
    for name in cohorts:
        where = {**keys, "stratum": f"without {name}", "measure": "smd"}
        rows.add_not_estimable("one cohort only", **where)
    rows.add(
        analysis="equivalence", target="lower", measure="smd", estimate=-0.5, ci_low=-0.7,
        ci_high=-0.3, level=0.9, p=0.999,
    )  # fmt: skip
    rows.add(analysis="n_to_settle", target="test", measure="n", estimate=12345)
    for term in ("auc", "delta_auc"):
        rows.add(
            **SHARED, analysis="validation", target="depression", model="logistic",
            adjustment="base_analyte", term=term, measure="k", estimate=2,
        )  # fmt: skip


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> ReportInputs:
    """Files of the small study."""
    folder = tmp_path_factory.mktemp("study")
    names = {"clinic": HOSTILE, "register": "Register", "broken": "Broken & gone"}
    study = {
        "study": "small", "title": "A <em>small</em> study", "claims": str(folder / "claims.yaml"),
        "cohorts": [cohort_entry(name, label) for name, label in names.items()],
        "tasks": [{"name": "depression", "label": "Depression vs control", "cases": ["mdd"],
                   "controls": ["control"]},
                  {"name": "bipolar", "label": "Bipolar vs control", "cases": ["bipolar"],
                   "controls": ["control"]}],
    }  # fmt: skip
    source = Source("small", "clinic", 7, "c0de", "da7a")
    tables, flows = [], []
    for name, shift in (("clinic", 0.0), ("register", 0.1)):
        rows = Rows(replace(source, cohort=name))
        flows.append(add_cohort(rows, shift))
        add_performance(rows)
        for analysis in ("contrast", "validation"):
            rows.add_not_estimable(
                "too few cases (bipolar): 4 < 20", **SHARED, analysis=analysis, target="bipolar",
                adjustment="adjusted" if analysis == "contrast" else "base",
                measure="smd" if analysis == "contrast" else "auc",
            )  # fmt: skip
        tables.append(rows.table())
    failed = Rows(replace(source, cohort="broken"))
    failed.add_failure("cohort", "the file <broken.csv> cannot be read")
    flows.append({"cohort": "broken", "status": "failed", "reason": "the file cannot be read"})
    pooled = Rows(replace(source, cohort=results.POOLED))
    add_pooled(pooled, ["clinic", "register"])
    add_performance(pooled)
    table = results.concatenate([*tables, failed.table(), pooled.table()])
    return _write(folder, study, table, flows)


def _write(
    folder: Path, study: dict[str, Any], table: Any, flows: list[dict[str, Any]]
) -> ReportInputs:
    ids = {
        row["measure"]: row["result_id"]
        for _, row in table.iterrows()
        if row["cohort"] == results.POOLED and row["stratum"] == "all"
        and row["term"] in ("", "over base") and row["adjustment"] in ("adjusted", "base_analyte")
        and row["analysis"] in ("contrast", "validation")
    }  # fmt: skip
    verdicts = [
        {"claim": "lower", "verdict": "SUPPORTED", "reason": "the interval lies beyond the margin",
         "statement": CLAIMS[0]["statement"], "result_ids": [ids["smd"]],
         "prespecified": "pre-specified at 2026-01-02 03:04 UTC, hash 0123456789ab"},
        {"claim": "test", "verdict": "INCONCLUSIVE", "reason": "the interval is too wide",
         "statement": CLAIMS[1]["statement"], "result_ids": [ids["auc"], ids["delta_auc"]],
         "prespecified": "exploratory: margin 0.02 → 0.01"},
        {"claim": "cognition", "verdict": "NOT_EVALUABLE", "reason": "too few people: 3 < 20",
         "statement": CLAIMS[2]["statement"], "result_ids": [],
         "prespecified": "pre-specified at 2026-01-02 03:04 UTC, hash 0123456789ab"},
    ]  # fmt: skip
    lock = {"says": verdicts[0]["prespecified"], "changed": ["claim test: margin 0.02 → 0.01"],
            "claims": {"lower": True, "test": False, "cognition": True}}  # fmt: skip
    (folder / "lock.json").write_text(json.dumps(lock), encoding="utf-8")
    (folder / "claims.yaml").write_text(yaml.safe_dump({"claims": CLAIMS}), encoding="utf-8")
    (folder / "config.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    (folder / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    results.write(table, folder / "results.parquet")
    parse_study(study)
    for flow in flows:
        (folder / f"{flow['cohort']}.json").write_text(json.dumps(flow), encoding="utf-8")
    return ReportInputs(
        folder / "results.parquet", folder / "verdicts.json", folder / "lock.json",
        folder / "config.yaml", folder / "claims.yaml",
        tuple(folder / f"{flow['cohort']}.json" for flow in flows),
    )  # fmt: skip


@pytest.fixture(scope="session")
def findings(inputs: ReportInputs) -> Findings:
    """The small study, read."""
    return load_findings(inputs)


@pytest.fixture(scope="session")
def counts(findings: Findings) -> Counts:
    """Its counts, as they may be shown."""
    return Counts(findings)


@pytest.fixture
def page(tmp_path: Path) -> Callable[[Findings], str]:
    """Return how findings look as a page whose figures are one white point."""
    path = tmp_path / "figure.png"
    Image.new("1", (1, 1)).save(path)

    def written(found: Findings) -> str:
        named = figure_names(found.study, found.claims.values())
        pictures = {one.name: Picture(path, "a figure", empty=False) for one in named}
        return render(found, Counts(found), pictures)

    return written


@pytest.fixture(scope="session")
def with_verdict(findings: Findings) -> Callable[..., Findings]:
    """Return the study with the verdict of the first claim changed."""

    def change(**values: str) -> Findings:
        first, *others = findings.verdicts
        return replace(findings, verdicts=[first.model_copy(update=values), *others])

    return change
