"""What a hub finds: the sites' aggregates pooled and the claims judged, as if in one study.

Takes bundles and the claims; gives ``pooled/results.parquet``, ``pooled/verdicts.json`` and
``hub.json`` (what came from where). The code that pools and judges is that of a study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from igfmood import results
from igfmood.config.base import Slug
from igfmood.config.claims import Claim, populations_of
from igfmood.config.load import load_claims, parse_study
from igfmood.config.study import Study
from igfmood.errors import ConfigError, DataError
from igfmood.evidence.judge import ClaimVerdict
from igfmood.evidence.study import judge_table
from igfmood.federated.agreement import check_agreement
from igfmood.federated.bundle import Bundle, Card, read_bundle
from igfmood.federated.contents import WITHHELD
from igfmood.files import write_json
from igfmood.performance.pooled import SCALES, pooled_estimates
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from igfmood.provenance import code_digest, file_digest
from igfmood.results import POOLED
from igfmood.synthesis.johnson_neyman import add_johnson_neyman
from igfmood.synthesis.one_stage import ONE_STAGE, one_stage_numbers
from igfmood.synthesis.study import pool_estimates

NO_PEOPLE = (
    "a hub has no people: it needs those of several cohorts in one place, as {} does; sites sent "
    "aggregates"
)
#: Stands where a study file names what stays at the site.
_AT_SITE = "stays at its site"


@dataclass(frozen=True)
class Found:
    """What a hub found.

    Parameters
    ----------
    folder
        Where it is written.
    verdicts
        On the claims.
    table
        All rows of results.
    bundles
        File: its bundle.
    notes
        What differs between the sites and moves no number.
    """

    folder: Path
    verdicts: Sequence[ClaimVerdict]
    table: pd.DataFrame
    bundles: Mapping[str, Bundle]
    notes: Sequence[str]


def pool_bundles(paths: Sequence[Path], claims_file: Path, folder: Path) -> Found:
    """Pool the bundles of several sites, judge the claims, and write both.

    Parameters
    ----------
    paths
        Bundles.
    claims_file
        The claims, those of the sites.
    folder
        Where the results go, ``results/<name>``.

    Raises
    ------
    DataError, ConfigError
        If a file is no sound bundle, the bundles cannot be pooled, or the folder holds a study.
    """
    name = _name(folder)
    if len({path.resolve() for path in paths}) < len(paths):
        raise ConfigError("a bundle is named twice: name each once")
    bundles = {str(path): read_bundle(path) for path in paths}
    claims = load_claims(claims_file).claims
    notes = check_agreement(bundles, claims)
    study = _study(name, list(bundles.values()))
    inputs = file_digest([claims_file, *paths])
    source = results.Source(
        name, POOLED, study.seed, code_digest("evidence"), inputs, study.level
    )  # fmt: skip
    cohorts = results.concatenate([_rows(path, one, source) for path, one in bundles.items()])
    pooled = _pooled(cohorts, claims, study, source)
    verdicts, table = judge_table(
        study, claims, results.concatenate([cohorts, pooled]), [], source
    )  # fmt: skip
    found = Found(folder, verdicts, table, bundles, notes)
    _write(found)
    return found


def _name(folder: Path) -> str:
    """Return the name of the hub's results, refusing a folder that holds those of a study."""
    name = folder.resolve().name
    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError as error:
        raise ConfigError(
            f"-o {folder}: {name!r} names the results; allowed: letters, digits, - and _, up to 40"
        ) from error
    if (folder / "pooled").exists() and not (folder / "hub.json").is_file():
        raise ConfigError(f"-o {folder} holds the results of a study: name another folder")
    return name


def _study(name: str, bundles: Sequence[Bundle]) -> Study:
    """Return the study that the sites have in common, with their cohorts."""
    shared = {key: part.content for key, part in bundles[0].analysis.items()}
    cards = [card for bundle in bundles for card in bundle.cohorts]
    try:
        cohorts = [_cohort(card, shared["analyte"]["unit"]) for card in cards]
        tasks = [{**one, "label": one["name"]} for one in shared["tasks"]]  # labels do not travel
    except (KeyError, TypeError) as error:
        raise DataError(
            f"the analysis in the bundles is not that of a study: {error!r}; ask the sites to send "
            "them again"
        ) from error
    return parse_study({**shared, "study": name, "cohorts": cohorts, "tasks": tasks})


def _cohort(card: Card, unit: str) -> dict[str, Any]:
    needed = ("participant_id", "age_years", "sex")
    entry: dict[str, Any] = {
        "name": card.name, "label": card.label, "design": card.design, "table": _AT_SITE,
        "columns": {key: f"{_AT_SITE}: {key}" for key in needed},
    }  # fmt: skip
    if card.matrix:
        entry["analyte"] = {
            "column": _AT_SITE, "unit": unit, "assay": card.assay, "matrix": card.matrix,
        }  # fmt: skip
    return entry


def _rows(path: str, bundle: Bundle, source: results.Source) -> pd.DataFrame:
    """Return the rows of a bundle as rows of results; what was withheld is not estimable here.

    Raises
    ------
    DataError
        If a row is there twice, or a number of people is smaller than the site lets out.
    """
    table = bundle.table()
    few = [
        name for name in ("n", "n_events")
        if table[name].between(1, bundle.min_cell - 1).fillna(False).any()
    ]  # fmt: skip
    if few:
        raise DataError(
            f"{path}: {', '.join(few)} below {bundle.min_cell}: the site lets out no such number "
            "of people; delete the file and tell the site"
        )
    withheld = table["status"] == WITHHELD
    reasons = "withheld at its site: " + table["reason"]
    table["reason"] = table["reason"].mask(withheld, reasons)
    table["status"] = table["status"].mask(withheld, "not_estimable")
    data = {card.name: card.data for card in bundle.cohorts}
    code = bundle.code
    shared = {
        "study": source.study, "seed": source.seed, "level": source.level,
        "inputs": table["cohort"].map(data),
        "code": table["analysis"].map({CROSS_VALIDATION: code.get("performance", "")})
        .fillna(code.get("association", "")),
    }  # fmt: skip
    try:
        return results.as_table(table.assign(**shared).to_dict("records"))  # type: ignore[arg-type]
    except ValueError as error:
        raise DataError(f"{path}: {error}; ask the site to send it again") from error


def _pooled(
    cohorts: pd.DataFrame, claims: Sequence[Claim], study: Study, source: results.Source
) -> pd.DataFrame:
    """Return the pooled rows, and those that say what a hub cannot estimate."""
    rows = results.Rows(source)
    pool_estimates(rows, cohorts, populations_of(claims))
    add_johnson_neyman(rows, cohorts, "stress_buffering")
    asked = results.select(cohorts, analysis=CROSS_VALIDATION, measure=list(SCALES))
    pooled_estimates(rows, asked)
    for _, keys in one_stage_numbers(study):
        rows.add_not_estimable(
            NO_PEOPLE.format("a model in one stage"), **keys, exposure=study.analyte.sds,
            stratum=ONE_STAGE,
        )  # fmt: skip
    wanted = {
        (one.estimand.target, one.estimand.adjustment)
        for one in claims if one.estimand.analysis == VALIDATION
    }  # fmt: skip
    for target, adjustment in sorted(wanted):
        rows.add_not_estimable(
            NO_PEOPLE.format("leaving one cohort out"), analysis=VALIDATION, target=target,
            exposure=study.analyte.sds, model="logistic", adjustment=adjustment, stratum="all",
            measure="auc",
        )  # fmt: skip
    return rows.table()


def _write(found: Found) -> None:
    results.write(found.table, found.folder / "pooled/results.parquet")
    verdicts = [
        {**one.as_dict(), "prespecified": _prespecified(one.claim.id, found.bundles)}
        for one in found.verdicts
    ]
    told = {
        "bundles": {
            name: {
                "hash": one.hash, "igfmood": one.igfmood, "code": one.code, "study": one.study,
                "cohorts": [card.model_dump(mode="json") for card in one.cohorts],
            }
            for name, one in found.bundles.items()
        },
        "notes": list(found.notes),
    }  # fmt: skip
    for path, content in (("pooled/verdicts.json", verdicts), ("hub.json", told)):
        write_json(content, found.folder / path)


def _prespecified(claim: str, bundles: Mapping[str, Bundle]) -> str:
    """Return what the sites' locks say of a claim, once where they say the same."""
    said: dict[str, list[str]] = {}
    for bundle in bundles.values():
        names = ", ".join(card.name for card in bundle.cohorts)
        said.setdefault(bundle.prespecified.get(claim, "not locked"), []).append(names)
    if len(said) == 1:
        return next(iter(said))
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in said.items())
