"""The cohort `imaging`, an English-language brain imaging study with stress and cognition.

Takes: a seed and the number of people by group.
Gives: true values, the raw text table and the plan that joins them.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from igfmood.seeds import stream
from igfmood.simulate import igf1, people, phq
from igfmood.simulate.coding import blanked, decimals, yes_no
from igfmood.simulate.cohort import CohortPlan
from igfmood.simulate.damage import Fault, FaultPlan, UnitBlock
from igfmood.simulate.effects import MEAN_SDS, TRUTH
from igfmood.simulate.files import write_csv

NAME = "imaging"
SIZES = {"control": 170, "depression": 110, "bipolar": 70}
ASSAY = igf1.Assay(scale=0.82, limit=60.0, unit="ng/mL", batches={"R1": 0.03, "R2": -0.04})
# Latent slopes within a group that come out as the planted 0.40 and -0.10 per SD of the whole
# cohort's PHQ-9 total:
# only part of the total's variance lies within groups, and totals are bounded. A test holds them to
# that.
LATENT_STRESS, LATENT_STRESS_BY_IGF1 = 0.83, -0.152
PSS_MEAN, PSS_SD = 17.0, 6.5
# Bounds keep it possible for a very stressed control to have a PHQ-9 total below 10.
STRESS_BOUND, SLOPE_BOUND = 2.5, 0.9
HIPPOCAMPUS_SD = 400.0
# What is left of a total SD of 400 mm3 after IGF-1 (60), age (78), ICV within sex (144) and sex
# with its ICV (110).
HIPPOCAMPUS_RESIDUAL = 343.0
FAULTS = FaultPlan(
    cells=(
        Fault("age", "430.0", "impossible_value", "age of 430 years"),
        Fault(
            "igf1", "-56.0", "impossible_value", "negative concentration that is no declared code"
        ),
        Fault("igf1", "see notes", "unparseable_text", "text in a number column"),
        Fault("gender", "x", "undeclared_code", "gender is coded F or M"),
    ),
    exact=1,
    conflicts=1,
    conflict_columns=("igf1", "bmi"),
    unit_blocks=(
        UnitBlock(
            column="igf1",
            convert=lambda cell: f"{float(cell) / igf1.NG_PER_NMOL:.1f}",
            batch_column="assay_run",
            batch="R2",
            count=8,
            why="part of run R2 reported nmol/L in the ng/mL column",
        ),
    ),
)


def draw(seed: int, sizes: Mapping[str, int]) -> pd.DataFrame:
    """True values of the imaging study's people.

    Parameters
    ----------
    seed : int
    sizes : mapping of int
        People by group: control, depression, bipolar.

    Returns
    -------
    DataFrame [people]
    """
    rng = stream(seed, NAME, "people")
    group = people.shuffled_groups(rng, sizes)
    n = len(group)
    female = people.draw_yes(
        rng, people.by_group(group, {"control": 0.52, "depression": 0.60, "bipolar": 0.55})
    )
    mean_age = people.by_group(group, {"control": 40.0, "depression": 39.0, "bipolar": 41.0})
    age = people.draw_age(rng, mean_age, 13.0, 18.0, 68.0)
    bmi = people.draw_bmi(rng, n)
    drug_chance = people.by_group(group, {"control": 0.02, "depression": 0.50, "bipolar": 0.25})
    drug = people.draw_yes(rng, drug_chance)
    sds = igf1.true_sds(
        stream(seed, NAME, "igf1"),
        people.by_group(group, MEAN_SDS),
        igf1.bmi_contribution(bmi, female),
        igf1.antidepressant_contribution(drug, drug_chance, group),
    )
    batch = rng.choice(list(ASSAY.batches), size=n)
    stress = np.clip(rng.standard_normal(n), -STRESS_BOUND, STRESS_BOUND)
    out = pd.DataFrame(
        {
            "id": [f"IMG-{i + 1:03d}" for i in range(n)],
            "group": group,
            "counted": True,
            "female": female,
            "age": age,
            "bmi": bmi,
            "antidepressant": drug,
            "batch": batch,
            "stress": stress,
            "sds": sds,
            "phq_total": _totals(seed, group, female, sds, stress),
            "cognition": TRUTH.cognition * sds
            + np.sqrt(1 - TRUTH.cognition**2) * rng.standard_normal(n),
            **_brain(rng, sds, age, female),
        }
    )
    return out.assign(igf1=igf1.measure_rows(stream(seed, NAME, "assay"), out, ASSAY))


def _totals(
    seed: int, group: np.ndarray, female: np.ndarray, sds: np.ndarray, stress: np.ndarray
) -> np.ndarray:
    """PHQ-9 totals that rise with stress, less so at high IGF-1."""
    rng = stream(seed, NAME, "phq9")
    depressed = people.draw_yes(rng, np.full(len(group), 0.5))
    labels = np.select(
        [group == "control", group == "depression", depressed],
        ["control", "mdd", "bipolar_depressed"],
        "bipolar_euthymic",
    )
    slope = np.clip(LATENT_STRESS + LATENT_STRESS_BY_IGF1 * sds, -SLOPE_BOUND, SLOPE_BOUND)

    def severity(rows: np.ndarray) -> np.ndarray:
        return slope[rows] * stress[rows] + np.sqrt(1 - slope[rows] ** 2) * rng.standard_normal(
            len(rows)
        )

    return phq.draw_items(rng, labels, female, severity)[1].sum(axis=1)


def _brain(
    rng: np.random.Generator, sds: np.ndarray, age: np.ndarray, female: np.ndarray
) -> dict[str, np.ndarray]:
    """Intracranial volume by sex, and hippocampal volume from it, age, sex and IGF-1 (mm3)."""
    icv = np.where(female, 1_425_000.0, 1_575_000.0) + 120_000.0 * rng.standard_normal(len(sds))
    hippocampus = (
        4000.0
        + TRUTH.hippocampus * HIPPOCAMPUS_SD * sds
        - 6.0 * (age - 40.0)
        + 0.0012 * (icv - 1_500_000.0)
        + np.where(female, -20.0, 20.0)
        + HIPPOCAMPUS_RESIDUAL * rng.standard_normal(len(sds))
    )
    return {"icv": icv, "hippocampus": hippocampus}


def code(truth: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The study's spreadsheet: number codes for diagnosis, NA for missing, limits as text.

    Parameters
    ----------
    truth : DataFrame [people]
        From `draw`.
    seed : int

    Returns
    -------
    DataFrame [people]
        Text cells.
    """
    rng = stream(seed, NAME, "coding")
    level = np.where(truth["igf1"] < ASSAY.limit, "<LOD", decimals(truth["igf1"].to_numpy(), 1))
    pss = PSS_MEAN + PSS_SD * truth["stress"].to_numpy()
    return pd.DataFrame(
        {
            "ID": truth["id"],
            "dx": truth["group"].map({"control": "0", "depression": "1", "bipolar": "2"}),
            "age": decimals(truth["age"].to_numpy(), 1),
            "gender": yes_no(truth["female"].to_numpy(), "F", "M"),
            "igf1": blanked(rng, level, 0.04, ["NA"]),
            "assay_run": truth["batch"],
            "bmi": blanked(rng, decimals(truth["bmi"].to_numpy(), 1), 0.04, ["NA"]),
            "phq_total": blanked(rng, decimals(truth["phq_total"].to_numpy(), 0), 0.03, ["NA"]),
            "hippocampus_mm3": blanked(
                rng, decimals(truth["hippocampus"].to_numpy(), 0), 0.03, ["NA"]
            ),
            "icv_mm3": decimals(truth["icv"].to_numpy(), 0),
            "cognition_z": blanked(rng, decimals(truth["cognition"].to_numpy(), 2), 0.03, ["NA"]),
            "pss": blanked(rng, decimals(pss, 0), 0.03, ["NA"]),
            "antidepressant": yes_no(truth["antidepressant"].to_numpy(), "1", "0"),
        }
    )


PLAN = CohortPlan(
    name=NAME,
    file="imaging.csv",
    assay=ASSAY,
    sizes=SIZES,
    draw=draw,
    code=code,
    faults=FAULTS,
    write=partial(write_csv, separator=","),
)
