"""A Cox model in people it was not built from: the Rotterdam tumour bank's, in the German trial.

Royston P, Altman DG (2013). BMC Med Res Methodol 13:33, is where the two are used so. Coefficients,
slope and C are those of R's survival (coxph, Efron; concordance) on its tables `rotterdam` and
`gbsg`; the people of the trial come with lifelines. Tolerance: half a unit of the last digit of the
coefficients moves the slope by less than 1e-6; the numbers have six to eight digits.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from igfmood.association.models.cox import fit_cox
from igfmood.performance.metrics.concordance import c_index

#: Log hazard per unit of age, menopause, grade, nodes, progesterone receptor and hormone therapy,
#: fitted to relapse or death among 2,982 people of Rotterdam.
ROTTERDAM = [0.00783934, -0.01271280, 0.37240920, 0.08466761, -0.00014781, -0.10729826]


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    # The table alone: importing lifelines takes seconds.
    (folder,) = find_spec("lifelines").submodule_search_locations
    table = pd.read_csv(Path(folder) / "datasets" / "gbsg2.csv")
    return pd.DataFrame({
        "age": table["age"], "meno": (table["menostat"] == "Post").astype(float),
        "grade": table["tgrade"].map({"I": 1.0, "II": 2.0, "III": 3.0}),
        "nodes": table["pnodes"], "pgr": table["progrec"],
        "hormon": (table["horTh"] == "yes").astype(float), "size": table["tsize"],
        "time": table["time"], "event": table["cens"] == 1,
    })  # fmt: skip


def test_the_trial_is_the_published_one(trial):
    columns = ["age", "size", "nodes", "pgr", "hormon"]
    time, event = trial["time"].to_numpy(float), trial["event"].to_numpy()
    fit = fit_cox(trial[columns].to_numpy(float), time, event)
    published = [0.00065550, 0.00793860, 0.04997225, -0.00261663, -0.34535197]
    assert fit.coef == pytest.approx(published, abs=5e-8)
    line = trial[columns].to_numpy(float) @ fit.coef
    assert c_index(time, event, line).estimate == pytest.approx(0.683738878, abs=1e-8)


def test_it_tells_people_apart_and_its_risks_are_too_far_apart(trial):
    line = trial[["age", "meno", "grade", "nodes", "pgr", "hormon"]].to_numpy(float) @ ROTTERDAM
    time, event = trial["time"].to_numpy(float), trial["event"].to_numpy()
    slope = fit_cox(line[:, None], time, event)
    assert slope.coef[0] == pytest.approx(0.716913, abs=1e-6)
    assert slope.se[0] == pytest.approx(0.071873, abs=1e-6)
    assert c_index(time, event, line).estimate == pytest.approx(0.6599247, abs=1e-6)
    assert slope.coef[0] + 1.96 * slope.se[0] < 1
    assert np.isfinite(line).all()
