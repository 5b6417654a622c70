"""Finished studies of one site each, small enough to be written by hand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from builders import cohort_entry, study_config
from igfmood import results
from igfmood.config.lock import Part
from igfmood.federated.bundle import Bundle, as_text
from igfmood.federated.site import pack
from igfmood.results import Rows, Source

CLAIM = {
    "id": "lower", "statement": "It is lower in depression.", "category": "susceptibility",
    "estimand": {
        "analysis": "contrast", "target": "depression", "measure": "smd", "adjustment": "adjusted",
    },
    "direction": "lower", "family": "main",
}  # fmt: skip
TEST = {
    "id": "test", "statement": "It is a test of depression.", "category": "diagnostic",
    "kind": "diagnostic", "bound": 0.7, "contrast": "adjusted", "margin": 0.02,
    "direction": "lower",
    "estimand": {
        "analysis": "validation", "target": "depression", "measure": "auc",
        "adjustment": "base_analyte",
    },
}  # fmt: skip
CONTRAST = {
    "analysis": "contrast", "target": "depression", "exposure": "igf1_sds", "model": "linear",
    "adjustment": "adjusted", "stratum": "all", "measure": "smd",
}  # fmt: skip
#: Every digit counts.
EFFECTS = {"clinic": (-0.51234567890123, 0.1234567891), "register": (-0.4987654321, 0.0912345678)}


@dataclass
class Site:
    """A folder with a finished study of one cohort, and its claims file."""

    folder: Path
    claims: Path

    def bundle(self) -> Bundle:
        return pack(self.folder, claims=self.claims).bundle

    def send(self, path: Path) -> Path:
        path.write_text(as_text(self.bundle()), encoding="utf-8")
        return path


def rows_of(name: str, inputs: str, more: Sequence[dict] = ()) -> Rows:
    """Return the rows of a cohort: 101 people, 45 of them cases."""
    rows = Rows(Source("demo", name, 1, "c0dec0dec0de", inputs))
    estimate, se = EFFECTS.get(name, (-0.5, 0.1))
    rows.add(
        **CONTRAST, estimate=estimate, se=se, ci_low=estimate - 2 * se, ci_high=estimate + 2 * se,
        p=0.001, df=98.0, n=101, n_events=45, method="OLS (n = 101)",
    )  # fmt: skip
    rows.add(
        **{**CONTRAST, "analysis": "cross_validation", "adjustment": "base_analyte",
           "model": "logistic", "measure": "auc"},
        estimate=0.68 if name == "clinic" else 0.71, se=0.05, n=101, n_events=45,
    )  # fmt: skip
    rows.add_not_estimable("too few cases (bipolar): 4 < 10", **{**CONTRAST, "target": "bipolar"})
    for group, n in (("control", 56), ("mdd", 45)):
        described = {"analysis": "table1", "stratum": group}
        rows.add(**described, term="people", measure="count", estimate=n, n=n)
        rows.add(**described, term="female", measure="count", estimate=n - 20, n=n)
        rows.add(**described, term="igf1_ng_ml", measure="missing", estimate=0, n=n)
        rows.add(**described, term="age_years", measure="mean", estimate=41.23456, n=n)
    rows.add(analysis="flow", stratum="rows_in", measure="count", estimate=101)
    rows.add(
        analysis="quality", stratum="all", term="igf1", measure="missing", estimate=4 / 101, n=101,
        n_events=4,
    )  # fmt: skip
    for row in more:
        given = {**CONTRAST, "estimate": 0.1, "se": 0.2, "n": 101, "n_events": 45, **row}
        rows.add(**given)
    return rows


def make_site(
    folder: Path, name: str, *, inputs: str = "", more: Sequence[dict] = (), claims=(CLAIM,),
    overlaps: Sequence[str] = (), statement: str = "", claims_file: str = "claims.yaml", **changes,
) -> Site:  # fmt: skip
    """Write a finished study of one cohort."""
    home = folder / name / "results"
    table = rows_of(name, inputs or f"{sum(map(ord, name)):012x}", more).table()
    results.write(table, home / "pooled/results.parquet")
    path = folder / name / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": list(claims)}), encoding="utf-8")
    entry = cohort_entry(name, overlaps=list(overlaps))
    config = study_config(entry, claims=claims_file, **changes)
    flow = {
        "cohort": name, "status": "ok", "rows_in": 101, "quarantined": 0, "excluded": [],
        "analysed": 101, "participants": 101, "before_exclusions": {},
    }  # fmt: skip
    verdicts = [
        {"claim": one["id"], "verdict": "INCONCLUSIVE", "reason": "one cohort",
         "statement": statement or one["statement"], "result_ids": [],
         "prespecified": f"pre-specified at {name}"}
        for one in claims
    ]  # fmt: skip
    written = {
        "pooled/verdicts.json": verdicts, "pooled/lock.json": {"says": "", "claims": {}},
        "pooled/overlap.json": {"left_out": {}, "pairs": []},
        f"cohorts/{name}/flow.json": flow,
    }  # fmt: skip
    for where, content in written.items():
        target = home / where
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content), encoding="utf-8")
    (home / "config.used.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return Site(home, path)


def changed(bundle: Bundle, **parts) -> dict:
    """Return a bundle as a forger would: changed, and sealed anew."""
    return bundle.model_copy(update=parts).sealed().model_dump(mode="json")


def part(content) -> Part:
    return Part.of(content)
