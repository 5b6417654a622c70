"""The cohort `population`, a general-population survey of three visits without an interview.

Takes: a seed and the number of people.
Gives: true values per visit, the raw text table and the plan that joins them.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from igfmood.seeds import stream
from igfmood.simulate import igf1, people, phq
from igfmood.simulate.coding import blanked, choose, decimals, yes_no
from igfmood.simulate.cohort import CohortPlan
from igfmood.simulate.damage import Fault, FaultPlan
from igfmood.simulate.effects import MEAN_SDS, TRUTH
from igfmood.simulate.files import write_csv_gz

NAME = "population"
SIZES = {"person": 1500}
ASSAY = igf1.Assay(
    scale=1.08, limit=55.0, unit="ng/mL", batches={"P1": 0.04, "P2": 0.0, "P3": -0.05}
)
BELOW_LIMIT = "38.9"  # limit / sqrt(2), the survey's convention
YEARS_BETWEEN_VISITS, STABILITY, HAZARD = 3.0, 0.65, 0.018
ITEMS = [f"phq_{letter}" for letter in "abcdefghi"]
FAULTS = FaultPlan(
    cells=(
        Fault("age", "430.0", "impossible_value", "age of 430 years", 8),
        Fault("sex", "x", "undeclared_code", "sex is coded Male or Female", 8),
        Fault("phq_c", "5", "impossible_value", "item answer above 3 that is no declared code", 8),
        Fault("phq_g", "5", "impossible_value", "item answer above 3 that is no declared code", 6),
        Fault(
            "igf_1",
            "-56.0",
            "impossible_value",
            "negative concentration that is no declared code",
            8,
        ),
        Fault("igf_1", "see file", "unparseable_text", "text in a number column", 8),
        Fault("bmi", "2.1", "impossible_value", "BMI of 2.1 kg/m2", 8),
    ),
    exact=10,
    conflicts=8,
    conflict_columns=("igf_1", "bmi"),
)


def draw(seed: int, sizes: Mapping[str, int]) -> pd.DataFrame:
    """True values of the survey's people at the visits they attend.

    Parameters
    ----------
    seed : int
    sizes : mapping of int
        ``{"person": n}``: people at visit 1.

    Returns
    -------
    DataFrame [people and visits]
        `group` is depression where PHQ-9 at visit 1 is 10 or more, control elsewhere.
    """
    base, severity = _first_visit(seed, sizes["person"])
    rng = stream(seed, NAME, "later visits")
    visits, state, sds = [base], severity, base["sds"].to_numpy()
    for visit in (2, 3):
        state = STABILITY * state + np.sqrt(1 - STABILITY**2) * rng.standard_normal(len(base))
        happened = base["incident"] & (base["followup_y"] <= YEARS_BETWEEN_VISITS * (visit - 1))
        items = phq.items_given_severity(
            rng, state + np.where(happened, 1.3, 0.0), base["female"].to_numpy()
        )
        if visit == 3:
            sds = igf1.later_sds(rng, sds, base["group"].map(MEAN_SDS).to_numpy(), STABILITY)
        age = base["age"] + YEARS_BETWEEN_VISITS * (visit - 1)
        later = base.assign(visit=visit, counted=False, age=age, sds=sds, **_columns(items))
        visits.append(later[base["last_visit"] >= visit])
    out = pd.concat(visits, ignore_index=True)
    assay_rng = stream(seed, NAME, "assay")
    out["batch"] = assay_rng.choice(list(ASSAY.batches), size=len(out))
    return out.assign(igf1=igf1.measure_rows(assay_rng, out, ASSAY))


def _columns(items: np.ndarray) -> dict[str, np.ndarray]:
    """Nine named item columns."""
    return dict(zip(ITEMS, items.T, strict=True))


def _first_visit(seed: int, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Visit 1 and each person's course; with it the latent severity [n]."""
    rng = stream(seed, NAME, "people")
    female = people.draw_yes(rng, np.full(n, 0.51))
    age = np.round(20 + 60 * rng.random(n), 1)
    bmi = people.draw_bmi(rng, n)
    phq_rng = stream(seed, NAME, "phq9")
    severity, items = phq.draw_items(
        phq_rng, np.full(n, "population"), female, phq.plain_rule(phq_rng)
    )
    case = items.sum(axis=1) >= 10
    mean = np.where(case, TRUTH.depression, 0.0)
    sds = igf1.true_sds(stream(seed, NAME, "igf1"), mean, igf1.bmi_contribution(bmi, female))
    stays = np.cumprod(rng.random((n, 2)) < 0.88, axis=1).sum(axis=1)
    frame = pd.DataFrame(
        {
            "id": 10_000 + rng.permutation(n),
            "visit": 1,
            "group": np.where(case, "depression", "control"),
            "counted": True,
            "female": female,
            "age": age,
            "bmi": bmi,
            "sds": sds,
            "smoker": choose(rng, ["never", "former", "current"], n, [0.55, 0.25, 0.20]),
            "pregnant": people.draw_yes(rng, np.where(female & (age < 45), 0.03, 0.0)),
            "weight": np.exp(8.0 + 0.6 * rng.standard_normal(n)),
            "stratum": rng.integers(1, 16, size=n),
            "psu": rng.integers(1, 3, size=n),
            "alcohol": np.where(rng.random(n) < 0.25, 0.0, rng.exponential(11.0, size=n)),
            "module_missing": rng.random(n) < 0.08,
            "last_visit": stays + 1,
            **_columns(items),
        }
    )
    return frame.assign(**_follow_up(seed, sds, case, frame["last_visit"].to_numpy())), severity


def _follow_up(
    seed: int, sds: np.ndarray, case: np.ndarray, last_visit: np.ndarray
) -> dict[str, np.ndarray]:
    """First depression after visit 1, hazard constant in time and log-linear in SDS."""
    rng = stream(seed, NAME, "incidence")
    time = rng.exponential(1 / (HAZARD * np.exp(TRUTH.incidence * sds)))
    contact = YEARS_BETWEEN_VISITS * (last_visit - 1) + rng.uniform(0.2, 2.8, size=len(sds))
    contact = np.minimum(contact, 2 * YEARS_BETWEEN_VISITS + 0.2)
    incident = (time <= contact) & ~case
    return {"incident": incident, "followup_y": np.where(incident, time, contact)}


def code(truth: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The survey's public-use file: long format, blanks and survey codes for what is missing.

    Parameters
    ----------
    truth : DataFrame [people and visits]
        From `draw`.
    seed : int

    Returns
    -------
    DataFrame [people and visits]
        Text cells.
    """
    rng = stream(seed, NAME, "coding")
    first = (truth["visit"] == 1).to_numpy()
    observed = (
        first & (truth["group"] == "control").to_numpy() & ~truth["module_missing"].to_numpy()
    )
    level = np.where(
        truth["igf1"] < ASSAY.limit, BELOW_LIMIT, decimals(truth["igf1"].to_numpy(), 1)
    )
    asked = (truth["female"] & truth["age"].between(20, 44.99)).to_numpy()
    answers = _answers(rng, truth)
    return pd.DataFrame(
        {
            "pid": truth["id"].astype(str),
            "visit": truth["visit"].astype(str),
            "age": decimals(truth["age"].to_numpy(), 1),
            "sex": yes_no(truth["female"].to_numpy(), "Female", "Male"),
            **dict(zip(ITEMS, answers.T, strict=True)),
            "igf_1": np.where(truth["visit"] == 2, "", blanked(rng, level, 0.06, [""])),
            "plate": np.where(truth["visit"] == 2, "", truth["batch"]),
            "bmi": blanked(rng, decimals(truth["bmi"].to_numpy(), 1), 0.04, [""]),
            "smoker": blanked(rng, truth["smoker"].to_numpy(), 0.01, [""]),
            "pregnant": np.where(
                asked, yes_no((truth["pregnant"] & first).to_numpy(), "1", "2"), ""
            ),
            "weight": decimals(truth["weight"].to_numpy(), 1),
            "stratum": truth["stratum"].astype(str),
            "psu": truth["psu"].astype(str),
            "incident_dep": np.where(observed, yes_no(truth["incident"].to_numpy(), "1", "0"), ""),
            "followup_y": np.where(observed, decimals(truth["followup_y"].to_numpy(), 2), ""),
            "alcohol_g_day": blanked(rng, decimals(truth["alcohol"].to_numpy(), 1), 0.02, [""]),
        }
    )


def _answers(rng: np.random.Generator, truth: pd.DataFrame) -> np.ndarray:
    """Item cells [rows, 9]: the module blank for some, one answer missing for few."""
    items = truth[ITEMS].to_numpy().astype(str).astype(object)
    later_missing = rng.random(len(truth)) < 0.05
    module = np.where(truth["visit"] == 1, truth["module_missing"], later_missing)
    single = (rng.random(len(truth)) < 0.01) & ~module
    which = rng.integers(9, size=len(truth))
    items[single, which[single]] = choose(rng, ["7", "9", ""], int(single.sum()))
    items[module] = ""
    return items


PLAN = CohortPlan(
    name=NAME,
    file="population.csv.gz",
    assay=ASSAY,
    sizes=SIZES,
    draw=draw,
    code=code,
    faults=FAULTS,
    write=partial(write_csv_gz, separator=","),
)
