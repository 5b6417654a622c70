"""The cohort `trial`, an antidepressant trial with two visits and no healthy controls.

Takes: a seed and the number of people.
Gives: true values per visit, the raw table and the plan that joins them.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from igfmood.seeds import stream
from igfmood.simulate import igf1, people, phq
from igfmood.simulate.coding import blanked, decimals, yes_no
from igfmood.simulate.cohort import CohortPlan
from igfmood.simulate.damage import Fault, FaultPlan
from igfmood.simulate.effects import MEAN_SDS
from igfmood.simulate.files import write_parquet

NAME = "trial"
SIZES = {"depression": 180}
ASSAY = igf1.Assay(scale=0.84, limit=60.0, unit="ng/mL", batches={"1": -0.02, "2": 0.03})
STABILITY = 0.65
IMPROVEMENT = {"escitalopram": 1.1, "placebo": 0.8, "vortioxetine": 1.1}
ITEMS = [f"phq9_{number}" for number in range(1, 10)]
SCHEMA = pa.schema(
    [
        ("subject", pa.string()),
        ("week", pa.int8()),
        ("AGE", pa.int16()),
        ("SEX", pa.int8()),
        ("IGF1", pa.float64()),
        *((item, pa.int8()) for item in ITEMS),
        ("arm", pa.string()),
        ("dose_mg", pa.int16()),
        ("responder", pa.int8()),
        ("BMI", pa.float64()),
        ("batch", pa.string()),
    ]
)
FAULTS = FaultPlan(
    cells=(
        Fault("AGE", "430", "impossible_value", "age of 430 years"),
        Fault(
            "IGF1", "-56.0", "impossible_value", "negative concentration that is no declared code"
        ),
        Fault("phq9_4", "5", "impossible_value", "item answer above 3"),
        Fault("BMI", "2.1", "impossible_value", "BMI of 2.1 kg/m2"),
        Fault("SEX", "9", "undeclared_code", "sex is coded 1 or 2"),
        Fault("arm", "???", "undeclared_code", "arm is not declared"),
    ),
    exact=1,
    conflicts=1,
    conflict_columns=("IGF1", "BMI"),
)


def draw(seed: int, sizes: Mapping[str, int]) -> pd.DataFrame:
    """True values of the trial's people at weeks 0 and 8.

    Parameters
    ----------
    seed : int
    sizes : mapping of int
        ``{"depression": n}``: people randomised.

    Returns
    -------
    DataFrame [people and visits]
    """
    rng = stream(seed, NAME, "people")
    n = sizes["depression"]
    female = people.draw_yes(rng, np.full(n, 0.62))
    age = people.draw_age(rng, np.full(n, 41.0), 12.0, 18.0, 65.0)
    bmi = people.draw_bmi(rng, n)
    arm = rng.permutation(np.resize(list(IMPROVEMENT), n))
    igf1_rng = stream(seed, NAME, "igf1")
    mean = np.full(n, MEAN_SDS["depression"])
    sds = igf1.true_sds(igf1_rng, mean, igf1.bmi_contribution(bmi, female))
    phq_rng = stream(seed, NAME, "phq9")
    severity, items = phq.draw_items(phq_rng, np.full(n, "trial"), female, phq.plain_rule(phq_rng))
    drop = people.by_group(arm, IMPROVEMENT) + 0.9 * phq_rng.standard_normal(n)
    items_8 = phq.items_given_severity(phq_rng, severity - drop, female)
    base = pd.DataFrame(
        {
            "id": [f"T{i + 1:03d}" for i in range(n)],
            "week": 0,
            "group": "depression",
            "counted": True,
            "female": female,
            "age": age,
            "bmi": bmi,
            "arm": arm,
            "dose": np.where(arm == "placebo", 0, rng.choice([10, 20], size=n)),
            "response": items_8.sum(axis=1) <= 0.5 * items.sum(axis=1),
            "sds": sds,
            **dict(zip(ITEMS, items.T, strict=True)),
        }
    )
    week_8 = base.assign(
        week=8,
        counted=False,
        sds=igf1.later_sds(igf1_rng, sds, mean, STABILITY),
        **dict(zip(ITEMS, items_8.T, strict=True)),
    )
    out = pd.concat([base, week_8[rng.random(n) > 0.10]], ignore_index=True)
    assay_rng = stream(seed, NAME, "assay")
    out["batch"] = assay_rng.choice(list(ASSAY.batches), size=len(out))
    return out.assign(igf1=igf1.measure_rows(assay_rng, out, ASSAY))


def code(truth: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The trial's analysis file: typed numbers, nulls, and 0 for what is below the reporting limit.

    Parameters
    ----------
    truth : DataFrame [people and visits]
        From `draw`.
    seed : int

    Returns
    -------
    DataFrame [people and visits]
        Text cells; `files.write_parquet` gives them their types.
    """
    rng = stream(seed, NAME, "coding")
    level = np.where(truth["igf1"] < ASSAY.limit, "0.0", decimals(truth["igf1"].to_numpy(), 1))
    answers = truth[ITEMS].to_numpy().astype(str).astype(object)
    missing = rng.random(len(truth)) < 0.03
    answers[missing, rng.integers(9, size=len(truth))[missing]] = ""
    return pd.DataFrame(
        {
            "subject": truth["id"],
            "week": truth["week"].astype(str),
            "AGE": decimals(truth["age"].to_numpy(), 0),
            "SEX": yes_no(truth["female"].to_numpy(), "1", "2"),
            "IGF1": blanked(rng, level, 0.04, [""]),
            **dict(zip(ITEMS, answers.T, strict=True)),
            "arm": truth["arm"],
            "dose_mg": truth["dose"].astype(str),
            "responder": np.where(
                truth["week"] == 8, yes_no(truth["response"].to_numpy(), "1", "0"), ""
            ),
            "BMI": blanked(rng, decimals(truth["bmi"].to_numpy(), 1), 0.03, [""]),
            "batch": truth["batch"],
        }
    )


PLAN = CohortPlan(
    name=NAME,
    file="trial.parquet",
    assay=ASSAY,
    sizes=SIZES,
    draw=draw,
    code=code,
    faults=FAULTS,
    write=partial(write_parquet, schema=SCHEMA),
)
