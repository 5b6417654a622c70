"""The hippocampus: its size given the head's, and what of symptoms goes through it."""

import numpy as np
import pytest
import statsmodels.api as sm

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.question import add_answers
from igfmood.association.questions import brain
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})
IMPUTING = make_study(imputation={"m": 20, "iterations": 3})


def imaged(n=300, size=0.4, path=-1.0, head=0.0, seed=5):
    """People whose volume (SD 400) follows score and head, and whose symptoms follow the volume."""
    table = people({"control": n}, seed=seed)
    rng = np.random.default_rng(seed + 20)
    skull = head * table["igf1_sds"] + rng.normal(size=n)
    volume = size * table["igf1_sds"] + 0.8 * skull + rng.normal(0, 0.8, n)
    total = 11 + path * volume - 0.5 * table["igf1_sds"] + rng.normal(0, 2, n)
    return table.assign(
        intracranial_volume=1.5e6 + 1.4e5 * skull, hippocampal_volume=4000 + 400 * volume,
        phq9_total=total.clip(0, 27),
    )  # fmt: skip


def beta(table, names=("age_years",), study=STUDY, **more):
    return asked(
        table, study, "neuroplasticity", "hippocampal_volume", "beta", covariates=names, **more
    )


def part(table, measure, names=("age_years",), study=STUDY, **more):
    return asked(table, study, "neuroplasticity", "phq9_total", measure, covariates=names, **more)


def z_of(values):
    return ((values - values.mean()) / values.std()).to_numpy()


def design_of(table, *columns):
    return np.column_stack(
        [np.ones(len(table)), *columns, table["intracranial_volume"] / 1e5, table["age_years"]]
    )


def test_size_is_in_standard_deviations_given_the_head():
    table = imaged()
    design = design_of(table, table["igf1_sds"])
    expected = sm.OLS(z_of(table["hippocampal_volume"]), design).fit(cov_type="HC3", use_t=True)
    found = beta(table)
    assert found["estimate"] == pytest.approx(expected.params[1], rel=1e-7)
    assert found["se"] == pytest.approx(expected.bse[1], rel=1e-7)
    assert (found["df"], found["n"]) == (300 - 4, 300)
    assert "given intracranial volume" in found["method"]


def test_a_larger_head_alone_is_no_larger_hippocampus():
    """Who has more of the analyte has a larger head here, and the hippocampus that goes with it."""
    table = imaged(n=1500, size=0.0, head=0.6)
    crude = np.polyfit(table["igf1_sds"], z_of(table["hippocampal_volume"]), 1)[0]
    found = beta(table)
    assert crude > 0.25
    assert found["ci_low"] < 0 < found["ci_high"]


def test_a_tier_with_the_heads_volume_in_it_is_the_same_model():
    table = imaged()
    for measure, ask in (("beta", beta), ("indirect", lambda t, names: part(t, "indirect", names))):
        without = ask(table, ("age_years",))
        with_it = ask(table, ("intracranial_volume", "age_years"))
        assert with_it["estimate"] == pytest.approx(without["estimate"], rel=1e-9), measure
        assert with_it["se"] == pytest.approx(without["se"], rel=1e-6), measure


def test_the_indirect_effect_is_the_product_of_two_regressions():
    table = imaged()
    volume, score = z_of(table["hippocampal_volume"]), table["igf1_sds"]
    to_volume = sm.OLS(volume, design_of(table, score)).fit()
    to_symptoms = sm.OLS(table["phq9_total"].to_numpy(), design_of(table, score, volume)).fit()
    whole = sm.OLS(table["phq9_total"].to_numpy(), design_of(table, score)).fit()
    a, b, direct = to_volume.params[1], to_symptoms.params[2], to_symptoms.params[1]
    found = {name: part(table, name) for name in ("indirect", "direct", "total")}
    assert found["indirect"]["estimate"] == pytest.approx(a * b, rel=1e-7)
    assert found["direct"]["estimate"] == pytest.approx(direct, rel=1e-7)
    # Total is what the score does without the volume in the model, and the sum of both.
    assert found["total"]["estimate"] == pytest.approx(whole.params[1], rel=1e-7)
    sobel = np.hypot(a * to_symptoms.bse[2], b * to_volume.bse[1])
    # A bootstrap of 1000 knows a standard error to 1 / sqrt(2000) = 2.2 %; errors are normal.
    assert found["indirect"]["se"] == pytest.approx(sobel, rel=0.12)
    assert found["direct"]["se"] == pytest.approx(to_symptoms.bse[1], rel=0.12)
    assert "bootstrap (1,000 resamples)" in found["indirect"]["method"]


def test_the_planted_path_is_found_and_an_absent_one_is_not():
    table = imaged(n=800)
    found = part(table, "indirect")
    # 0.4 SD of the noise-free volume unit per SD, and -1 point per unit.
    assert found["ci_low"] < -0.4 < found["ci_high"] < 0
    nothing = part(imaged(n=800, size=0.0), "indirect")
    assert nothing["ci_low"] < 0 < nothing["ci_high"]
    direct = part(table, "direct")
    assert direct["ci_low"] < -0.5 < direct["ci_high"]


def test_rho_is_the_correlation_of_what_both_models_leave():
    table = imaged()
    volume, score = z_of(table["hippocampal_volume"]), table["igf1_sds"]
    left = [
        sm.OLS(values, design_of(table, score)).fit().resid
        for values in (volume, table["phq9_total"].to_numpy())
    ]
    found = part(table, "rho")
    assert found["estimate"] == pytest.approx(np.corrcoef(*left)[0, 1], rel=1e-7)
    assert found["estimate"] < -0.2
    assert "se" not in found
    # A mediator that tells nothing of symptoms needs no confounding to be explained away.
    assert abs(part(imaged(n=800, path=0.0), "rho")["estimate"]) < 0.1


def test_the_same_seed_gives_the_same_bootstrap_and_another_another():
    table = imaged()
    reseeded = STUDY.model_copy(update={"seed": 99})
    there, again = (part(table, "indirect")["se"] for _ in range(2))
    other = part(table, "indirect", study=reseeded)
    assert there == again != other["se"]
    assert part(table, "indirect")["estimate"] == other["estimate"]


def test_a_survey_is_weighted_where_it_can_be_and_said_where_not():
    table = imaged()
    n = len(table)
    table = table.assign(
        weight_survey=np.random.default_rng(1).uniform(1, 5, n),
        stratum_survey=(np.arange(n) % 6).astype(str),
        psu_survey=(np.arange(n) // 6 % 2).astype(str),
    )
    weights = table["weight_survey"]
    values = table["hippocampal_volume"]
    spread = np.sqrt(np.average((values - np.average(values, weights=weights)) ** 2,
                                weights=weights) * n / (n - 1))  # fmt: skip
    expected = sm.WLS(values / spread, design_of(table, table["igf1_sds"]), weights).fit()
    found = beta(table)
    assert found["estimate"] == pytest.approx(np.asarray(expected.params)[1], rel=1e-7)
    assert "Taylor" in found["method"]
    for measure in ("indirect", "rho"):
        assert "; survey weights not used" in part(table, measure)["method"]
    # What is not weighted is what it is without weights.
    ignored = part(table, "indirect", survey="ignore")
    assert part(table, "indirect")["estimate"] == pytest.approx(ignored["estimate"], rel=1e-9)
    assert "survey" not in ignored["method"]


def test_a_covariate_with_gaps_is_imputed_and_effects_are_pooled():
    table = imaged()
    table.loc[:44, "bmi"] = np.nan
    names = ("age_years", "bmi")
    some = part(table, "indirect", names)
    everybody = part(table, "indirect", names, IMPUTING, missing="imputed")
    assert (some["n"], everybody["n"]) == (255, 300)
    assert "20 imputations" in everybody["method"]
    assert everybody["se"] < some["se"]
    rho = part(table, "rho", names, IMPUTING, missing="imputed")
    assert rho["method"].endswith(
        "mean over 20 imputations; percentiles of 20,000 bootstrap samples"
    )
    alone = part(table, "rho", names)
    assert rho["ci_low"] < rho["estimate"] < rho["ci_high"]
    # Everybody counts, and body-mass index says next to nothing here: narrower than without them.
    assert rho["ci_high"] - rho["ci_low"] < alone["ci_high"] - alone["ci_low"]
    assert rho["estimate"] == pytest.approx(part(imaged(), "rho", names)["estimate"], abs=0.01)


def test_the_volumes_themselves_are_not_imputed():
    table = imaged()
    table.loc[:29, "hippocampal_volume"] = np.nan
    table.loc[30:49, "intracranial_volume"] = np.nan
    assert beta(table, study=IMPUTING, missing="imputed")["n"] == 250


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hippocampal_volume": np.nan}, "hippocampal_volume is not in this cohort"),
        ({"intracranial_volume": np.nan}, "intracranial_volume is not in this cohort"),
        ({"hippocampal_volume": 4000.0}, "hippocampal_volume does not vary"),
        ({"intracranial_volume": 1.4e6}, "intracranial_volume does not vary"),
        ({"igf1_sds": np.nan}, "no reference curve"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, reason):
    for ask in (beta, lambda table: part(table, "rho")):
        with pytest.raises(NotEstimable, match=reason):
            ask(imaged().assign(**change))


def test_too_few_people_say_how_many():
    with pytest.raises(NotEstimable, match="19 < 20"):
        beta(imaged(n=19))
    with pytest.raises(NotEstimable, match="49 < 50"):
        part(imaged(n=49), "indirect")


def test_every_number_has_its_rows():
    rows = Rows(POOLED)
    table = imaged(n=150)
    table.loc[:10, "bmi"] = np.nan
    data = cohort_data(table, IMPUTING)
    for question in brain.questions(IMPUTING):
        add_answers(rows, question, data)
    table = rows.table()
    size = table[table["target"] == "hippocampal_volume"]
    subsets = {subset.name for subset in IMPUTING.subsets}
    main = size[(size["analysis"] == "neuroplasticity") & (size["measure"] == "beta")]
    assert set(zip(main["adjustment"], main["stratum"], strict=True)) == {
        ("unadjusted", "all"), *(("adjusted", one) for one in {"all", "complete_cases", *subsets}),
    }  # fmt: skip
    assert (size["analysis"] == "specification").sum() == 2 * 4 * (1 + 2)
    mediation = table[table["model"] == "mediation"]
    assert set(mediation["adjustment"]) == {"adjusted"}
    for stratum in ("all", "complete_cases"):
        there = mediation.loc[mediation["stratum"] == stratum, "measure"]
        assert sorted(there) == ["direct", "indirect", "rho", "total"]
    assert (mediation["status"] == "ok").all()
