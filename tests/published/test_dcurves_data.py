"""Decision curves on the three data sets of dcurves, against the numbers in its own tests.

Takes the tables from the installed package; the numbers are those of the R package's
tests/testthat/test-dca.R at a threshold of 0.25. Tolerance 1e-6: the digits printed there.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from igfmood.association.models.cox import fit_cox
from igfmood.association.models.logistic import fit_logistic
from igfmood.performance.metrics.net_benefit import interventions_avoided, net_benefit, treat_all
from igfmood.performance.metrics.survival import net_benefit_at

AT = [0.25]
PRINTED = 1e-6


def load(name: str) -> pd.DataFrame:
    # The tables alone: importing dcurves takes seconds.
    (folder,) = find_spec("dcurves").submodule_search_locations
    return pd.read_csv(Path(folder) / "data" / f"{name}.csv")


def of_age(table: pd.DataFrame, y: np.ndarray) -> np.ndarray:
    """Age as a risk, by logistic regression."""
    design = np.column_stack([np.ones(len(table)), table["age"]])
    return expit(design @ fit_logistic(design, y).coef)


def test_binary():
    table = load("df_binary")
    y = table["cancer"].to_numpy(float)
    marker = table["cancerpredmarker"].to_numpy(float)
    assert (y.size, y.sum()) == (750, 105)
    assert treat_all(y, AT).estimate[0] == pytest.approx(-0.1466667, abs=PRINTED)
    assert net_benefit(y, marker, AT).estimate[0] == pytest.approx(0.064, abs=PRINTED)
    assert net_benefit(y, of_age(table, y), AT).estimate[0] == pytest.approx(
        0.02444444, abs=PRINTED
    )
    history = table["famhistory"].to_numpy(float)
    assert net_benefit(y, history, [1e-12]).estimate[0] == pytest.approx(0.032, abs=PRINTED)
    avoided = [interventions_avoided(y, p, AT).estimate[0] for p in (marker, np.zeros(750))]
    assert avoided == pytest.approx([0.632, 0.44], abs=PRINTED)


def test_time_to_event():
    table = load("df_surv")
    time, event = table["ttcancer"].to_numpy(float), table["cancer"].to_numpy(bool)

    def worth(acts):
        return net_benefit_at(time, event, np.reshape(acts, (-1, 1)), AT, 1.0).estimate[0]

    assert worth(np.ones(750, dtype=bool)) == pytest.approx(-0.13695058, abs=PRINTED)
    assert worth(table["cancerpredmarker"] >= 0.25) == pytest.approx(0.05695371, abs=PRINTED)
    age = table["age"].to_numpy(float)
    fit = fit_cox(age[:, None], time, event)
    line = fit.coef[0] * (age - age.mean())
    # Breslow's cumulative hazard up to a year.
    hazard = sum(1 / np.exp(line[time >= t]).sum() for t in time[event & (time <= 1)])
    risk = 1 - np.exp(-hazard * np.exp(line))
    # What is printed for age acts on the chance of staying free of cancer, as if it were the risk.
    assert worth(1 - risk >= 0.25) == pytest.approx(-0.1424773, abs=PRINTED)
    # By the risk itself: survival 3.5-3 (coxph, survfit) gives 0.02374186 on the same table.
    assert worth(risk >= 0.25) == pytest.approx(0.02374186, abs=PRINTED)


def test_case_control():
    table = load("df_case_control")
    y = table["casecontrol"].to_numpy(float)
    marker = table["cancerpredmarker"].to_numpy(float)
    found = [treat_all(y, AT, prevalence=0.15), net_benefit(y, marker, AT, prevalence=0.15)]
    assert [one.estimate[0] for one in found] == pytest.approx(
        [-0.13333333, 0.01495671], abs=PRINTED
    )
