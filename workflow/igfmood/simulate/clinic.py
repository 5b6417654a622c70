"""The cohort `clinic`, a German university clinic's spreadsheet export.

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
from igfmood.simulate.damage import Fault, FaultPlan
from igfmood.simulate.effects import MEAN_SDS
from igfmood.simulate.files import write_csv

NAME = "clinic"
SIZES = {"control": 200, "depression": 150, "bipolar": 100, "schizophrenia": 15}
ASSAY = igf1.Assay(scale=1.00, limit=75.0, unit="ng/mL", batches={"A": -0.03, "B": 0.0, "C": 0.04})
WORDS = {
    "control": (["Kontrolle", "gesund"], [0.7, 0.3]),
    "depression": (["MDD", "Depression", "rez. depressive Stoerung"], [0.5, 0.25, 0.25]),
    "bipolar": (["bipolar I", "Bipolar II", "BD I"], [0.4, 0.35, 0.25]),
    "schizophrenia": (["Schizophrenie"], [1.0]),
}
FAULTS = FaultPlan(
    cells=(
        Fault("Alter", "430,0", "impossible_value", "age of 430 years"),
        Fault(
            "IGF1_ng_ml",
            "-56,0",
            "impossible_value",
            "negative concentration that is no declared code",
        ),
        Fault("PHQ9_Summe", "44", "impossible_value", "total above 27"),
        Fault("BMI", "2,1", "impossible_value", "BMI of 2.1 kg/m2"),
        Fault("IGF1_ng_ml", "siehe Akte", "unparseable_text", "text in a number column"),
        Fault("Geschlecht", "x", "undeclared_code", "sex is coded m or w"),
        Fault("Gruppe", "???", "undeclared_code", "diagnosis is not declared"),
    ),
    exact=2,
    conflicts=1,
    conflict_columns=("IGF1_ng_ml", "BMI"),
)


def draw(seed: int, sizes: Mapping[str, int]) -> pd.DataFrame:
    """True values of the clinic's people.

    Parameters
    ----------
    seed : int
    sizes : mapping of int
        People by group: control, depression, bipolar, schizophrenia.

    Returns
    -------
    DataFrame [people]
    """
    rng = stream(seed, NAME, "people")
    group = people.shuffled_groups(rng, sizes)
    n = len(group)
    share_female = {"control": 0.55, "depression": 0.62, "bipolar": 0.55, "schizophrenia": 0.40}
    female = people.draw_yes(rng, people.by_group(group, share_female))
    mean_age = {"control": 44.0, "depression": 42.0, "bipolar": 41.0, "schizophrenia": 38.0}
    age = people.draw_age(rng, people.by_group(group, mean_age), 13.0, 18.0, 75.0)
    bmi = people.draw_bmi(rng, n)
    drug_chance = people.by_group(
        group, {"control": 0.03, "depression": 0.55, "bipolar": 0.25, "schizophrenia": 0.20}
    )
    drug = people.draw_yes(rng, drug_chance)
    pill_chance = people.contraceptive_chance(age, female)
    pill = people.draw_yes(rng, pill_chance)
    sds = igf1.true_sds(
        stream(seed, NAME, "igf1"),
        people.by_group(group, MEAN_SDS),
        igf1.bmi_contribution(bmi, female),
        igf1.contraceptive_contribution(pill, pill_chance),
        igf1.antidepressant_contribution(drug, drug_chance, group),
    )
    batch = rng.choice(list(ASSAY.batches), size=n)
    smoker = people.draw_yes(rng, np.where(group == "control", 0.22, 0.38))
    lithium = people.draw_yes(
        rng, np.where(group == "bipolar", 0.40, np.where(group == "depression", 0.05, 0.0))
    )
    out = pd.DataFrame(
        {
            "id": [f"K{i + 1:04d}" for i in range(n)],
            "group": group,
            "counted": True,
            "female": female,
            "age": age,
            "bmi": bmi,
            "antidepressant": drug,
            "contraceptive": pill,
            "lithium": lithium,
            "smoker": smoker,
            "batch": batch,
            "sds": sds,
            "phq_total": _totals(seed, group, female),
        }
    )
    return out.assign(igf1=igf1.measure_rows(stream(seed, NAME, "assay"), out, ASSAY))


def _totals(seed: int, group: np.ndarray, female: np.ndarray) -> np.ndarray:
    """PHQ-9 totals; half of the bipolar patients are depressed at the visit."""
    rng = stream(seed, NAME, "phq9")
    depressed = people.draw_yes(rng, np.full(len(group), 0.5))
    labels = np.select(
        [group == "control", group == "depression", (group == "bipolar") & depressed],
        ["control", "mdd", "bipolar_depressed"],
        "bipolar_euthymic",
    )
    return phq.draw_items(rng, labels, female, phq.plain_rule(rng))[1].sum(axis=1)


def code(truth: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The clinic's spreadsheet: German words, decimal comma, limits as text.

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
    words = [str(rng.choice(texts, p=weights)) for texts, weights in truth["group"].map(WORDS)]
    level = np.where(
        truth["igf1"] < ASSAY.limit,
        f"<{ASSAY.limit:.1f}".replace(".", ","),
        decimals(truth["igf1"].to_numpy(), 1, ","),
    )
    pill = np.where(truth["female"], yes_no(truth["contraceptive"].to_numpy(), "ja", "nein"), "")
    return pd.DataFrame(
        {
            "PatNr": truth["id"],
            "Geschlecht": yes_no(truth["female"].to_numpy(), "w", "m"),
            "Alter": decimals(truth["age"].to_numpy(), 1, ","),
            "Gruppe": words,
            "IGF1_ng_ml": blanked(rng, level, 0.04, ["", "n.b."]),
            "Charge": truth["batch"],
            "BMI": blanked(rng, decimals(truth["bmi"].to_numpy(), 1, ","), 0.04, [""]),
            "PHQ9_Summe": blanked(rng, decimals(truth["phq_total"].to_numpy(), 0), 0.05, [""]),
            "Antidepressivum": yes_no(truth["antidepressant"].to_numpy(), "ja", "nein"),
            "Lithium": yes_no(truth["lithium"].to_numpy(), "ja", "nein"),
            "Raucher": blanked(rng, yes_no(truth["smoker"].to_numpy(), "ja", "nein"), 0.02, [""]),
            "Pille": pill,
        }
    )


PLAN = CohortPlan(
    name=NAME,
    file="clinic.csv",
    assay=ASSAY,
    sizes=SIZES,
    draw=draw,
    code=code,
    faults=FAULTS,
    write=partial(write_csv, separator=";"),
)
