"""Small studies and tables that tests are made of.

Takes: what a test wants to be different.
Gives: configurations, participants tables that keep the contract, result rows.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.association.people import people_at_baseline
from igfmood.association.question import answer
from igfmood.association.questions import question_of
from igfmood.association.sample import CohortData, Specification
from igfmood.cohort.table import RawTable
from igfmood.config.claims import Claim
from igfmood.config.cohort import Cohort
from igfmood.config.load import parse_study
from igfmood.config.study import Study
from igfmood.impute.participants import complete

SOURCE = results.Source("demo", "clinic", 1, "c0de", "da7a")
POOLED = results.Source("demo", results.POOLED, 1, "c0de", "da7a")

_COHORT = {
    "name": "clinic",
    "design": "case_control",
    "table": "clinic.csv",
    "columns": {"participant_id": "id", "age_years": "age", "sex": "sex"},
    "analyte": {"column": "igf1", "unit": "ng/mL"},
    "diagnosis": {
        "source": "labels",
        "columns": ["dx"],
        "labels": {"control": "control", "mdd": "mdd", "bipolar": "bipolar"},
    },
}


def cohort_entry(name: str = "clinic", **changes: Any) -> dict[str, Any]:
    """Entry of one cohort; a change of None removes the key."""
    entry = {**deepcopy(_COHORT), "name": name, **changes}
    return {key: value for key, value in entry.items() if value is not None}


def make_cohort(**changes: Any) -> Cohort:
    """Checked cohort."""
    return Cohort.model_validate(cohort_entry(**changes))


def study_config(*cohorts: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Mapping of a study with these cohorts (one by default)."""
    return {"study": "demo", "cohorts": list(cohorts) or [cohort_entry()], **changes}


def make_study(*names: str, **changes: Any) -> Study:
    """Checked study with cohorts of these names."""
    return parse_study(
        study_config(*(cohort_entry(name) for name in names or ("clinic",)), **changes)
    )


def make_claim(analysis: str = "contrast", **changes: Any) -> Claim:
    """Checked claim that a number of depression is lower."""
    measures = {"contrast": "smd", "tails": "log_or", "validation": "auc", "mendelian": "beta"}
    diagnostic = (
        {"kind": "diagnostic", "bound": 0.7, "contrast": "adjusted"}
        if analysis == "validation" else {}
    )  # fmt: skip
    return Claim.model_validate({
        "id": "one", "statement": "IGF-1 is lower in depression.", "category": "diagnostic",
        "estimand": {"analysis": analysis, "target": "depression", "measure": measures[analysis],
                     "adjustment": "adjusted"},
        "direction": "lower", "margin": 0.2, **diagnostic, **changes,
    })  # fmt: skip


def write_table(
    folder: Path, text: str = "id,age,sex,igf1,dx\n1,40,female,150,mdd\n", name: str = "clinic.csv"
) -> Path:
    """Write a text table and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def people(
    groups: Mapping[str, int], *, effects: Mapping[str, float] | None = None, seed: int = 1
) -> pd.DataFrame:
    """Participants that keep the contract; `effects` are shifts of the SDS by diagnosis.

    The SDS is the true one; log IGF-1 falls with age and is a little higher in men.
    """
    rng = np.random.default_rng(seed)
    diagnosis = np.repeat(list(groups), list(groups.values()))
    n = len(diagnosis)
    shift = np.array([(effects or {}).get(group, 0.0) for group in diagnosis])
    sds = rng.normal(size=n) + shift
    age = rng.uniform(20, 70, n)
    female = rng.random(n) < 0.5
    value = np.exp(5.5 - 0.012 * age - 0.05 * female + 0.3 * sds)
    text = {
        "dx_subtype": "", "dx_source": "labels", "dx_ascertainment": "interview", "phq9_dsm": "",
        "phq9_severity": "", "phq9_source": "given", "igf1_unit": "ng/mL", "igf1_matrix": "serum",
        "igf1_assay": "unknown", "igf1_standard": "unknown", "igf1_batch": "",
        "igf1_sds_method": "bccg:controls",
    }  # fmt: skip
    table = pd.DataFrame(
        {
            "participant_id": [f"{seed:08d}{row:08d}" for row in range(n)],
            "visit": "baseline",
            "age_years": age,
            "sex": np.where(female, "female", "male"),
            "bmi": rng.normal(26, 4, n),
            "diagnosis": diagnosis,
            "phq9_total": np.clip(np.round(rng.normal(6, 3, n) + 6 * (diagnosis == "mdd")), 0, 27),
            "phq9_n_missing": 0.0,
            "igf1_value": value,
            "igf1_lod": np.nan,
            "igf1_ng_ml": value,
            "igf1_sds": sds,
            **text,
        }
    )
    points = ("phq9_total_given", "phq8_total", "phq2_total", "phq9_cognitive", "phq9_somatic")
    return table.assign(
        is_baseline=True, igf1_below_lod=False, control_redefined=False, igf1_lod_ng_ml=np.nan,
        igf1_harmonised_ng_ml=value, igf1_sds_limit=np.nan, **dict.fromkeys(points, np.nan),
    )  # fmt: skip


def cohort_data(table: pd.DataFrame, study: Study, **cohort: Any) -> CohortData:
    """Return people with their completed tables, as the association stage has them."""
    entry = study.cohorts[0].model_copy(update=cohort)
    people = people_at_baseline(table.reset_index(drop=True), study)
    return CohortData(people, complete(people, study, entry), study, entry)


def asked(
    table: pd.DataFrame, study: Study, analysis: str, target: str, measure: str, term: str = "", *,
    covariates: Sequence[str] = (), missing: str = "complete_cases", population: str = "all",
    **cohort: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return the columns of the row that answers one question with these covariates."""
    tiers = {"tier": list(covariates)}
    study = study.model_copy(update={"covariate_tiers": tiers})
    question = question_of(study, analysis, target, measure, term)
    assert question is not None
    data = cohort_data(table, study, **cohort)
    question.allowed(data)
    specification = Specification("tier", population, missing=missing)
    return answer(question, specification, data)[measure, term]


def result_table(*rows: Mapping[str, Any], source: results.Source = POOLED) -> pd.DataFrame:
    """Result table of these rows, all with status ok; `cohort` may differ by row."""
    collected = results.Rows(source)
    for row in rows:
        collected.add(**row)
    return collected.table()


def as_raw(cells: pd.DataFrame) -> RawTable:
    """Return a table without labels, ragged rows or notes."""
    return RawTable(cells, pd.Series(False, index=cells.index))
