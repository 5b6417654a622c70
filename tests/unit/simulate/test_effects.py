"""Planted effects come out of large draws within three standard errors."""

from types import ModuleType

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from igfmood.simulate import clinic, igf1, imaging, population, register, trial
from igfmood.simulate.calibration import calibration
from igfmood.simulate.effects import MEAN_SDS, TRUTH
from igfmood.simulate.truth import standardised_difference

SEED = 4
COHORTS = [clinic, register, population, trial, imaging]


def enlarged(module: ModuleType, times: int) -> pd.DataFrame:
    """First-visit rows of a cohort with `times` as many people."""
    rows = module.draw(SEED, {group: size * times for group, size in module.SIZES.items()})
    return rows[rows["counted"]]


@pytest.fixture(scope="module")
def large() -> dict[str, pd.DataFrame]:
    return {module.NAME: enlarged(module, 20) for module in COHORTS}


@pytest.fixture(scope="module")
def large_imaging() -> pd.DataFrame:
    return enlarged(imaging, 100)


def slopes(outcome: np.ndarray, *columns: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares coefficients of the columns and their standard errors; intercept left out."""
    design = np.column_stack([np.ones(len(outcome)), *columns]).astype(float)
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ outcome
    variance = ((outcome - design @ beta) ** 2).sum() / (len(outcome) - design.shape[1])
    return beta[1:], np.sqrt(variance * np.diag(inverse))[1:]


def standard(values: pd.Series) -> np.ndarray:
    return ((values - values.mean()) / values.std()).to_numpy()


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("clinic", "depression"),
        ("clinic", "bipolar"),
        ("clinic", "schizophrenia"),
        ("register", "depression"),
        ("register", "bipolar"),
        ("population", "depression"),
        ("imaging", "depression"),
        ("imaging", "bipolar"),
    ],
)
def test_standardised_differences(large: dict[str, pd.DataFrame], name: str, group: str) -> None:
    rows = large[name]
    cases = rows.loc[rows["group"] == group, "sds"]
    found = standardised_difference(cases, rows.loc[rows["group"] == "control", "sds"])
    assert abs(found["smd"] - MEAN_SDS[group]) < 3 * found["se"]


@pytest.mark.parametrize("name", [module.NAME for module in COHORTS])
def test_sds_is_standard_normal_around_the_planted_mean(
    large: dict[str, pd.DataFrame], name: str
) -> None:
    deviation = large[name]["sds"] - large[name]["group"].map(MEAN_SDS)
    n = len(deviation)
    assert abs(deviation.mean()) < 3 / np.sqrt(n)
    assert abs(deviation.std() - 1) < 3 / np.sqrt(2 * n)


def test_population_cases_are_phq_ten_or_more(large: dict[str, pd.DataFrame]) -> None:
    rows = large["population"]
    total = rows[population.ITEMS].sum(axis=1)
    assert ((total >= 10) == (rows["group"] == "depression")).all()
    for _, part in rows.assign(total=total).groupby("group"):
        assert abs(part["total"].corr(part["sds"])) < 3 / np.sqrt(len(part))


def test_medians_follow_the_grid() -> None:
    constants, n = calibration(), 4000
    for sex in ("male", "female"):
        for age, mean, sd in zip(
            constants.age, constants.mean_log[sex], constants.sd_log[sex], strict=True
        ):
            rng = np.random.default_rng(int(age))
            assay = igf1.Assay(scale=1.0, limit=0.0, unit="ng/mL", batches={"1": 0.0})
            rows = pd.DataFrame({"sds": rng.standard_normal(n), "age": age})
            rows = rows.assign(female=sex == "female", batch="1")
            measured = np.log(igf1.measure_rows(rng, rows, assay))
            assert np.median(measured) == pytest.approx(mean, abs=4 * 1.2533 * sd / np.sqrt(n))
            assert measured.std() == pytest.approx(np.hypot(sd, assay.cv), rel=0.05)


@pytest.mark.parametrize("module", COHORTS, ids=lambda module: module.NAME)
def test_assay_scale_and_batches(module: ModuleType, large: dict[str, pd.DataFrame]) -> None:
    rows = large[module.NAME]
    unit = igf1.NG_PER_NMOL if module.ASSAY.unit == "nmol/L" else 1.0
    mean, sd = igf1.grid(rows["age"].to_numpy(), rows["female"].to_numpy())
    error = np.log(rows["igf1"] * unit / module.ASSAY.scale) - mean - sd * rows["sds"]
    for batch, shift in module.ASSAY.batches.items():
        found = error[rows["batch"] == batch]
        assert found.mean() == pytest.approx(shift, abs=4 * module.ASSAY.cv / np.sqrt(len(found)))
    assert max(abs(shift) for shift in module.ASSAY.batches.values()) <= 0.05


def test_contraceptive_and_antidepressant(large: dict[str, pd.DataFrame]) -> None:
    rows = large["clinic"]
    women = rows[rows["female"] & (rows["age"] < 35)]
    groups = [women["group"] == group for group in ("depression", "bipolar", "schizophrenia")]
    drugged = women["antidepressant"] & groups[0]
    beta, se = slopes(women["sds"].to_numpy(), women["contraceptive"], drugged, *groups)
    assert abs(beta[0] - TRUTH.contraceptive) < 3 * se[0]
    depressed = rows[rows["group"] == "depression"]
    beta, se = slopes(depressed["sds"].to_numpy(), depressed["antidepressant"])
    assert abs(beta[0] - TRUTH.antidepressant) < 3 * se[0]


def test_bmi_is_an_inverted_u(large: dict[str, pd.DataFrame]) -> None:
    rows = large["register"]
    deviation = rows["sds"] - rows["group"].map(MEAN_SDS)
    centred = rows["bmi"] - rows["female"].map({True: 28.5, False: 25.0})
    beta, se = slopes(deviation.to_numpy(), centred**2)
    assert beta[0] < -3 * se[0]


def test_depression_is_linear_in_sds(large: dict[str, pd.DataFrame]) -> None:
    # Normal groups of equal variance: their density ratio has no squared term, so no special tail.
    rows = large["register"]
    cases, controls = (rows.loc[rows["group"] == g, "sds"] for g in ("depression", "control"))
    log_variance_ratio = np.log(cases.var() / controls.var())
    assert abs(log_variance_ratio) < 3 * np.sqrt(2 / len(cases) + 2 / len(controls))


def test_cognition_and_hippocampus(large_imaging: pd.DataFrame) -> None:
    rows = large_imaging
    beta, se = slopes(standard(rows["cognition"]), rows["sds"])
    assert abs(beta[0] - TRUTH.cognition) < 3 * se[0]
    volume = rows["hippocampus"].to_numpy() / imaging.HIPPOCAMPUS_SD
    beta, se = slopes(volume, rows["sds"], rows["icv"] / 1e5, rows["age"], rows["female"])
    assert abs(beta[0] - TRUTH.hippocampus) < 3 * se[0]
    assert rows["hippocampus"].std() == pytest.approx(imaging.HIPPOCAMPUS_SD, rel=0.02)


@pytest.mark.parametrize("with_diagnosis", [False, True])
def test_stress_buffering(large_imaging: pd.DataFrame, with_diagnosis: bool) -> None:
    rows = large_imaging
    stress, total = standard(rows["stress"]), standard(rows["phq_total"])
    diagnosis = (
        [rows["group"] == "depression", rows["group"] == "bipolar"] if with_diagnosis else []
    )
    beta, se = slopes(total, stress, stress * rows["sds"], rows["sds"], *diagnosis)
    assert abs(beta[0] - TRUTH.stress) < 0.01 + 3 * se[0]
    assert abs(beta[1] - TRUTH.stress_by_igf1) < 0.003 + 3 * se[1]


def test_incidence_hazard(large: dict[str, pd.DataFrame]) -> None:
    # Score equation of an exponential model at the planted coefficient, in units of its SE.
    rows = large["population"]
    rows = rows[rows["group"] == "control"]
    risk = rows["followup_y"] * np.exp(TRUTH.incidence * rows["sds"])
    rate = rows["incident"].sum() / risk.sum()
    residual = rows["incident"] - rate * risk
    score = (residual * rows["sds"]).sum()
    centred = rows["sds"] - np.average(rows["sds"], weights=risk)
    information = (rate * risk * centred**2).sum()
    assert abs(score) < 3 * np.sqrt(information)
    assert rate == pytest.approx(population.HAZARD, rel=0.1)


def test_treatment_response_does_not_depend_on_igf1() -> None:
    rows = trial.draw(SEED, {"depression": 9000})
    before = rows[rows["week"] == 0].set_index("id")
    after = rows[rows["week"] == 8].set_index("id")
    before = before.loc[after.index]
    response = before["response"].to_numpy().astype(float)
    assert 0.3 < response.mean() < 0.6
    for marker in (before["sds"], after["sds"] - before["sds"]):
        assert abs(np.corrcoef(marker, response)[0, 1]) < 3 / np.sqrt(len(response))
