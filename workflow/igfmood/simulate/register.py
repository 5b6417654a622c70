"""The cohort `register`, a Nordic health register joined with laboratory results.

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
from igfmood.simulate.effects import MEAN_SDS
from igfmood.simulate.files import write_csv_gz

NAME = "register"
SIZES = {"control": 700, "depression": 320, "bipolar": 220}
ASSAY = igf1.Assay(
    scale=1.35, limit=10.5, unit="nmol/L", batches={"1": 0.05, "2": -0.02, "3": -0.04}
)
DEPRESSION_CODES = ["F32.0", "F32.1", "F32.2", "F32.9", "F33.0", "F33.1", "F33.2", "F33.9", "F34.1"]
BIPOLAR_CODES = {True: ["F31.3", "F31.4", "F31.6"], False: ["F31.7", "F31.9", "F31.1", "F30.1"]}
OTHER_CODES = ["E11", "I10", "J45", "M54.5", "K21.9", "G43.9", "E78.5", "N39.0", "H52.1", "L40.0"]
FAULTS = FaultPlan(
    cells=(
        Fault("alder", "430", "impossible_value", "age of 430 years", 2),
        Fault(
            "igf1_nmol",
            "-56",
            "impossible_value",
            "negative concentration that is no declared code",
            2,
        ),
        Fault("phq9", "44", "impossible_value", "total above 27", 2),
        Fault("bmi", "2.1", "impossible_value", "BMI of 2.1 kg/m2", 2),
        Fault("igf1_nmol", "se journal", "unparseable_text", "text in a number column", 2),
        Fault("kon", "x", "undeclared_code", "sex is coded 0 or 1", 1),
        Fault("diagnos", "???", "undeclared_code", "not an ICD-10 code", 1),
    ),
    exact=2,
    conflicts=1,
    conflict_columns=("igf1_nmol", "bmi"),
    unit_blocks=(
        UnitBlock(
            column="igf1_nmol",
            convert=lambda cell: f"{float(cell) * igf1.NG_PER_NMOL:.2f}",
            batch_column="lab",
            batch="2",
            count=12,
            why="one day of laboratory 2 reported ng/mL in the nmol/L column",
        ),
    ),
)


def draw(seed: int, sizes: Mapping[str, int]) -> pd.DataFrame:
    """True values of the register's people.

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
        rng, people.by_group(group, {"control": 0.50, "depression": 0.62, "bipolar": 0.55})
    )
    mean_age = people.by_group(group, {"control": 50.0, "depression": 47.0, "bipolar": 45.0})
    age = people.draw_age(rng, mean_age, 15.0, 18.0, 84.0)
    bmi = people.draw_bmi(rng, n)
    drug_chance = people.by_group(group, {"control": 0.05, "depression": 0.60, "bipolar": 0.30})
    drug = people.draw_yes(rng, drug_chance)
    sds = igf1.true_sds(
        stream(seed, NAME, "igf1"),
        people.by_group(group, MEAN_SDS),
        igf1.bmi_contribution(bmi, female),
        igf1.antidepressant_contribution(drug, drug_chance, group),
    )
    batch = rng.choice(list(ASSAY.batches), size=n)
    state = people.draw_yes(rng, np.full(n, 0.5))
    labels = np.select(
        [group == "control", group == "depression", state],
        ["control", "mdd", "bipolar_depressed"],
        "bipolar_euthymic",
    )
    phq_rng = stream(seed, NAME, "phq9")
    out = pd.DataFrame(
        {
            "id": 100_000 + rng.permutation(n),
            "group": group,
            "counted": True,
            "female": female,
            "age": age,
            "bmi": bmi,
            "antidepressant": drug,
            "lithium": people.draw_yes(rng, np.where(group == "bipolar", 0.45, 0.01)),
            "smoker": people.draw_yes(rng, np.where(group == "control", 0.14, 0.28)),
            "pregnant": people.draw_yes(rng, np.where(female & (age < 45), 0.04, 0.0)),
            "batch": batch,
            "depressed_state": state,
            "sds": sds,
            "phq_total": phq.draw_items(phq_rng, labels, female, phq.plain_rule(phq_rng))[1].sum(
                axis=1
            ),
        }
    )
    return out.assign(igf1=igf1.measure_rows(stream(seed, NAME, "assay"), out, ASSAY))


def diagnoses(rng: np.random.Generator, group: str, depressed_state: bool, pregnant: bool) -> str:
    """ICD-10 codes of one person, main diagnosis first.

    Parameters
    ----------
    rng : numpy.random.Generator
    group : str
    depressed_state : bool
        Decides which bipolar code.
    pregnant : bool

    Returns
    -------
    str
        Codes separated by spaces; may be empty for controls.
    """
    somatic = [
        str(code)
        for code in rng.choice(OTHER_CODES, size=rng.choice(3, p=[0.4, 0.4, 0.2]), replace=False)
    ]
    mood = []
    if group == "depression":
        mood = [str(rng.choice(DEPRESSION_CODES))]
    elif group == "bipolar":
        mood = [str(rng.choice(BIPOLAR_CODES[depressed_state]))]
        mood += ["F33.1"] if rng.random() < 0.15 else []
        mood = list(rng.permutation(mood))
    codes = somatic + mood if rng.random() < 0.1 else mood + somatic
    return " ".join(codes + (["O26.9"] if pregnant else []))


def code(truth: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The register's extract: number codes for everything, also for what is missing.

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
    level = np.where(truth["igf1"] < ASSAY.limit, "-1", decimals(truth["igf1"].to_numpy(), 2))
    codes = [
        diagnoses(rng, group, state, pregnant)
        for group, state, pregnant in truth[["group", "depressed_state", "pregnant"]].itertuples(
            index=False
        )
    ]
    return pd.DataFrame(
        {
            "lopnr": truth["id"].astype(str),
            "kon": yes_no(truth["female"].to_numpy(), "0", "1"),
            "alder": decimals(truth["age"].to_numpy(), 0),
            "diagnos": codes,
            "igf1_nmol": blanked(rng, level, 0.05, ["-9"]),
            "lab": truth["batch"],
            "bmi": blanked(rng, decimals(truth["bmi"].to_numpy(), 1), 0.05, ["999"]),
            "phq9": blanked(rng, decimals(truth["phq_total"].to_numpy(), 0), 0.07, ["99"]),
            "rokning": blanked(rng, yes_no(truth["smoker"].to_numpy(), "1", "0"), 0.03, ["9"]),
            "graviditet": yes_no(truth["pregnant"].to_numpy(), "1", "0"),
            "antidepressiva": yes_no(truth["antidepressant"].to_numpy(), "1", "0"),
            "litium": yes_no(truth["lithium"].to_numpy(), "1", "0"),
        }
    )


PLAN = CohortPlan(
    name=NAME,
    file="register.tsv.gz",
    assay=ASSAY,
    sizes=SIZES,
    draw=draw,
    code=code,
    faults=FAULTS,
    write=partial(write_csv_gz, separator="\t"),
)
