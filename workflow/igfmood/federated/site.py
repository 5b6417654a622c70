"""What a site sends: aggregates of its cohorts, checked for disclosure.

Takes the folder of a finished study; gives a bundle of the cohorts that are pooled, and what of
the study stays.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from igfmood import __version__, results
from igfmood.config.load import load_claims, parse_study, read_yaml
from igfmood.config.lock import Part, analysis_parts, claim_parts, digest
from igfmood.config.study import Study
from igfmood.errors import ConfigError, DataError
from igfmood.federated.bundle import COLUMNS, Bundle, Card
from igfmood.federated.disclose import released_rows
from igfmood.performance.splits import CROSS_VALIDATION
from igfmood.provenance import versions
from igfmood.report.load import Findings, ReportInputs, load_findings

#: Parts of the analysis that no pooled number of a hub depends on: paths and numbers of one site.
NOT_SHARED = ("cohorts", "genetics", "published_evidence", "operating")
#: Stage: an analysis whose rows tell the digest of its code.
_STAGES = {"association": "contrast", "performance": CROSS_VALIDATION}
_NEEDED = (
    "config.used.yaml", "pooled/results.parquet", "pooled/verdicts.json", "pooled/lock.json",
    "pooled/overlap.json",
)  # fmt: skip


@dataclass(frozen=True)
class Packed:
    """A bundle, and the cohorts of its study that are not in it, each with the reason."""

    bundle: Bundle
    left_out: dict[str, str]


def pack(folder: Path, cohort: str | None = None, claims: Path | None = None) -> Packed:
    """Return what a finished study sends to a hub.

    Parameters
    ----------
    folder
        ``results/<study>`` of a finished run.
    cohort
        The one cohort to send; without it all that the synthesis pools.
    claims
        The claims file of the run; without it the one that the study names.

    Raises
    ------
    DataError
        If the folder is not that of a finished study, or a cohort cannot be sent.
    ConfigError
        If the claims are not those of the run.
    """
    findings = _read(folder, claims)
    overlap = json.loads((folder / "pooled/overlap.json").read_text(encoding="utf-8"))
    sent, left_out = _asked(findings, overlap["left_out"], cohort)
    table = released_rows(findings, sent)
    shared = {
        name: part
        for name, part in analysis_parts(findings.study).items() if name not in NOT_SHARED
    }  # fmt: skip
    own = results.select(findings.table, cohort=sent)
    library = versions()
    bundle = Bundle(
        igfmood=__version__, code=_code(own),
        libraries={name: library[name] for name in library if name != "igfmood"},
        study=findings.study.study,
        prespecified={one.claim: one.prespecified for one in findings.verdicts},
        claims={
            name: Part.of(says) for name, says in claim_parts(findings.claims.values()).items()
        },
        analysis={name: Part.of(part) for name, part in shared.items()},
        cohorts=[_card(findings, overlap["pairs"], name) for name in sent],
        columns=list(COLUMNS), rows=_plain(table),
    )  # fmt: skip
    return Packed(bundle.sealed(), left_out)


def _read(folder: Path, claims: Path | None) -> Findings:
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"{folder} has no {', '.join(missing)}: give the folder of a finished run, such as "
            "results/synthetic"
        )
    study = parse_study(read_yaml(folder / "config.used.yaml"))
    path = claims or Path(study.claims)
    if not path.is_file():
        raise ConfigError(f"claims: {path} is not there: name the claims file with --claims")
    findings = load_findings(
        ReportInputs(
            folder / "pooled/results.parquet", folder / "pooled/verdicts.json",
            folder / "pooled/lock.json", folder / "config.used.yaml", path,
            tuple(folder / f"cohorts/{one.name}/flow.json" for one in study.cohorts),
        )
    )  # fmt: skip
    _refuse_other_claims(findings, path, folder)
    return findings


def _refuse_other_claims(findings: Findings, path: Path, folder: Path) -> None:
    judged = [(one.claim, one.statement) for one in findings.verdicts]
    asked = [(one.id, one.statement) for one in load_claims(path).claims]
    if judged != asked:
        raise ConfigError(
            f"{path} has other claims than the run in {folder}: give its own with --claims, or run "
            "the study again"
        )


def _asked(
    findings: Findings, twice: dict[str, str], cohort: str | None
) -> tuple[list[str], dict[str, str]]:
    """Return the cohorts that are sent, and why others are not."""
    names = [one.name for one in findings.study.cohorts]
    failed: dict[str, str] = {}
    for one in findings.failures():
        before = f"{failed[one.cohort]}; " if one.cohort in failed else ""
        failed[one.cohort] = f"{before}its stage {one.stage} failed: {one.reason}"
    if cohort is not None:
        if cohort not in names:
            raise DataError(f"--cohort {cohort!r} is no cohort of the study: it has {names}")
        if cohort in failed:
            raise DataError(f"cohort {cohort} cannot be sent: {failed[cohort]}")
        return [cohort], {name: "not asked for" for name in names if name != cohort}
    left_out = {
        name: failed.get(name) or f"left out of pooling: {twice[name]}"
        for name in names if name in failed or name in twice
    }  # fmt: skip
    sent = [name for name in names if name not in left_out]
    if not sent:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise DataError(f"no cohort of {findings.study.study} can be sent: {reasons}")
    return sent, left_out


def _card(findings: Findings, pairs: Sequence[dict[str, object]], name: str) -> Card:
    cohort = findings.study.cohort(name)
    alike = [
        str(pair["second"] if pair["first"] == name else pair["first"])
        for pair in pairs if pair["left_out"] and name in (pair["first"], pair["second"])
    ]  # fmt: skip
    analyte = cohort.analyte
    return Card(
        name=name, label=cohort.label, design=cohort.design,
        assay="" if analyte is None else analyte.assay,
        matrix="" if analyte is None else analyte.matrix,
        data=results.digests_of_cohorts(findings.table)[name],
        entry=digest(_entry(findings.study, name)),
        same_people=sorted({*alike, *cohort.overlaps} - {name}),
    )  # fmt: skip


def _entry(study: Study, name: str) -> dict[str, object]:
    return study.cohort(name).model_dump(mode="json", exclude={"label"})


def _code(own: pd.DataFrame) -> dict[str, str]:
    """Return the digest of the code of each stage that numbers come from."""
    found = {
        stage: sorted(set(own.loc[own["analysis"] == analysis, "code"]))
        for stage, analysis in _STAGES.items()
    }
    return {stage: " ".join(codes) for stage, codes in found.items() if codes}


def _plain(table: pd.DataFrame) -> list[list[str | int | float | None]]:
    """Return rows as plain values; what is missing is None."""
    columns = []
    for name in COLUMNS:
        values = table[name]
        empty = values.isna().to_numpy(bool)
        plain = [value.item() if isinstance(value, np.generic) else value for value in values]
        columns.append([None if no else value for no, value in zip(empty, plain, strict=True)])
    return [list(row) for row in zip(*columns, strict=True)]
