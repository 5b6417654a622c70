"""Published meta-analyses of IGF-1 in depression and bipolar disorder, from their primary rows.

Tu 2016 (Medicine 95:e2411), Chen 2020 (Ann Palliat Med 9:4044), Qiao 2024 (Front Psychiatry
15:1396938); figures as in the shared evidence files, which hold what the abstracts print.

Tolerance: half a unit of the last printed digit, except where a test says otherwise.

What does not reproduce, and why: Tu and Qiao print no pooled value in their abstracts, so that
only direction and p can be compared. Chen pooled 14 articles, of which we hold a few: the pooled
differences in ng/mL come out of no set of the rows we have. The tests of Chen say how far off
they are, so that a row added later shows.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from igfmood.synthesis.published.choose import choose
from igfmood.synthesis.published.convert import se_from_ci, smd_from_auc
from igfmood.synthesis.published.effects import effects
from igfmood.synthesis.published.pool import pool_published
from igfmood.synthesis.published.read import read_published
from igfmood.synthesis.random_effects import random_effects

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]

COMMITTED = Path(__file__).resolve().parents[2] / "config" / "published_evidence.csv"
#: Labels that our table writes in another way.
LABELS = {
    "Bot 2016 NESDA current disorder no-AD": "Bot 2016 (NESDA, current, no antidepressant)",
    "Bot 2016 NESDA remitted no-AD": "Bot 2016 (NESDA, remitted, no antidepressant)",
    "Bot 2016 NESDA AD users": "Bot 2016 (NESDA, antidepressant users)",
    "Tuncel 2020": "Tunçel 2020",
    "Palomino 2013 (month 1)": "Palomino 2013",
}
NESDA = "Bot 2016 (NESDA, current, no antidepressant)"


@pytest.fixture(scope="module")
def primary(shared):
    table = pd.read_csv(shared / "evidence" / "igf1_primary_studies.csv")
    return table.assign(study=table["study"].replace(LABELS)).set_index("study")


@pytest.fixture(scope="module")
def meta(shared):
    table = pd.read_csv(shared / "evidence" / "igf1_published_meta_analyses.csv")
    return table.set_index(["meta", "contrast"])


@pytest.fixture(scope="module")
def found():
    # The shared file turns medians into means by Wan's formula.
    return {effect.study.study: effect for effect in effects(read_published(COMMITTED), "wan")}


def pooled(found, *names, estimator="REML"):
    smd = [found[name].smd for name in names]
    return random_effects([x.estimate for x in smd], [x.variance for x in smd], estimator=estimator)


# ---- rows ---------------------------------------------------------------------------------------


def test_no_row_was_lost(primary, found):
    assert set(primary.index) <= set(found)


def test_numbers_are_those_of_the_shared_rows(primary, found):
    for name, row in primary.iterrows():
        study = found[name].study
        pairs = [(study.n_case, row["n_case"]), (study.n_control, row["n_ctrl"])]
        if study.given == "mean_sd":
            pairs += [
                (study.mean_case, row["mean_case"]), (study.sd_case, row["sd_case"]),
                (study.mean_control, row["mean_ctrl"]), (study.sd_control, row["sd_ctrl"]),
            ]  # fmt: skip
        for ours, theirs in pairs:
            assert ours == theirs or (ours is None and np.isnan(theirs)), name
        assert study.doi == ("" if pd.isna(row["doi"]) else row["doi"])


@pytest.mark.parametrize(
    "name", ["Deuschle 1997", "Levada 2020", "Troyan & Levada 2020", "da Silva 2017", "Kim 2013"]
)
def test_effects_of_means_and_medians(primary, found, name):
    smd, row = found[name].smd, primary.loc[name]
    # Means of the shared row are rounded to the digits printed there.
    assert smd.estimate == pytest.approx(row["hedges_g"], abs=1e-4)
    assert smd.variance == pytest.approx(row["var_g"], abs=1e-4)
    limits = (smd.estimate - 1.959964 * smd.se, smd.estimate + 1.959964 * smd.se)
    assert limits == pytest.approx((row["g_ci_lb"], row["g_ci_ub"]), abs=1e-3)


def test_effect_of_a_p(primary, found):
    # There t has the degrees of freedom of the model with its three covariates.
    row, smd = primary.loc["Kopczak 2015"], found["Kopczak 2015"].smd
    assert smd.estimate == pytest.approx(row["hedges_g"], abs=5e-4)
    assert smd.variance == pytest.approx(row["var_g"], abs=5e-5)


def test_effects_of_d(primary, found):
    for name in (x for x in primary.index if x.startswith("Bot 2016")):
        row, smd = primary.loc[name], found[name].smd
        # The shared file takes d for g: the factor is 0.9995.
        assert smd.estimate == pytest.approx(row["hedges_g"], abs=1e-4)
        assert smd.variance == pytest.approx(row["var_g"], abs=1e-5)


def test_the_p_of_nesda_is_not_that_of_its_d(found):
    smd = found[NESDA].smd
    assert 2 * stats.norm.sf(smd.estimate / smd.se) == pytest.approx(0.12, abs=5e-3)


def test_an_auc_and_its_d(primary):
    row = primary.loc["Tunçel 2020"]
    assert smd_from_auc(row["auc_binormal"], 45, 45).estimate == pytest.approx(
        row["cohen_d"], abs=5e-5
    )
    # Levada's own AUC says more than its quartiles do.
    levada = primary.loc["Levada 2020"]
    binormal = stats.norm.cdf(levada["cohen_d"] / np.sqrt(2))
    assert binormal == pytest.approx(levada["auc_binormal"], abs=5e-4)
    assert smd_from_auc(0.820, 78, 47).estimate > levada["cohen_d"] + 0.2


# ---- syntheses that were recalculated from these rows -------------------------------------------


def test_three_case_control_studies(found):
    fit = pooled(found, "Deuschle 1997", "Levada 2020", "Kopczak 2015")
    assert fit.mu == pytest.approx(0.83, abs=5e-3)
    normal = fit.normal()
    assert (normal.ci_low, normal.ci_high) == pytest.approx((0.49, 1.17), abs=5e-3)
    assert (fit.ci_low, fit.ci_high) == pytest.approx((0.14, 1.53), abs=5e-3)


def test_one_large_cohort_decides(found):
    names = ("Deuschle 1997", "Levada 2020", "Kopczak 2015", NESDA)
    fit = pooled(found, *names)
    assert fit.mu == pytest.approx(0.63, abs=5e-3)
    normal = fit.normal()
    assert (normal.ci_low, normal.ci_high) == pytest.approx((0.17, 1.09), abs=5e-3)
    assert (fit.ci_low, fit.ci_high) == pytest.approx((-0.10, 1.36), abs=5e-3)
    assert fit.i2 == pytest.approx(90, abs=2)
    w = np.array([1 / found[name].smd.variance for name in names])
    fixed = w @ [found[name].smd.estimate for name in names] / w.sum()
    assert fixed == pytest.approx(0.20, abs=5e-3)


def test_bipolar_with_culture_supernatant_is_what_we_do_not_pool(found):
    fit = pooled(found, "da Silva 2017", "Kim 2013")
    assert fit.mu == pytest.approx(0.77, abs=5e-3)
    normal = fit.normal()
    assert (normal.ci_low, normal.ci_high) == pytest.approx((0.54, 1.00), abs=5e-3)
    assert (fit.ci_low, fit.ci_high) == pytest.approx((0.11, 1.43), abs=5e-3)
    ours = pool_published(choose(tuple(found.values())), "bipolar")
    assert set(ours.labels) == {"Liu 2014", "da Silva 2017"}
    assert ours.fit.mu < fit.mu


# ---- Chen 2020 ----------------------------------------------------------------------------------


def mean_difference(study):
    variance = study.sd_case**2 / study.n_case + study.sd_control**2 / study.n_control
    return study.mean_case - study.mean_control, variance


@pytest.mark.parametrize(
    ("contrast", "pooled_md", "se", "z"), [("BD", 67.66, 30.95, 2.19), ("MDD", 8.01, 2.33, 3.43)]
)
def test_chen_interval_and_p_fit_each_other(meta, contrast, pooled_md, se, z):
    row = meta.loc[("Chen 2020", contrast)]
    assert row["pooled"] == f"MD {pooled_md}"
    # Limits are printed to two digits: the standard error is known to 0.0026.
    found = se_from_ci(pooled_md, row["ci_lb"], row["ci_ub"])
    assert found == pytest.approx(se, abs=8e-3)
    assert pooled_md / found == pytest.approx(z, abs=1e-2)
    assert 2 * stats.norm.sf(pooled_md / found) == pytest.approx(float(row["p"]), rel=0.05)


@pytest.mark.parametrize(
    ("names", "mean", "limits"),
    [
        (("Liu 2014", "da Silva 2017"), 48.6, (-6.6, 103.7)),
        (("Liu 2014", "da Silva 2017", "Kim 2013"), 95.4, (7.6, 183.3)),
    ],
)
def test_chen_bipolar_is_not_reproduced(meta, found, names, mean, limits):
    # RevMan's model, DerSimonian and Laird with a normal interval, on the rows we hold.
    pairs = [mean_difference(found[name].study) for name in names]
    fit = random_effects(*zip(*pairs, strict=True), estimator="DL").normal()
    assert fit.estimate == pytest.approx(mean, abs=0.05)
    assert (fit.ci_low, fit.ci_high) == pytest.approx(limits, abs=0.05)
    # Not 67.66, whether or not culture supernatant is pooled with serum; cases are missing.
    row = meta.loc[("Chen 2020", "BD")]
    assert row["ci_lb"] < fit.estimate < row["ci_ub"]
    assert abs(fit.estimate - 67.66) > 15
    assert sum(found[name].study.n_case for name in names) < row["n_case"]


def test_chen_depression_is_not_reproduced(meta, found):
    # Every mean difference that we hold lies beyond the upper limit of the pooled one: no mean of
    # them can come near, and no difference in ng/mL is common to assays this far apart.
    upper = meta.loc[("Chen 2020", "MDD"), "ci_ub"]
    studies = [x.study for x in found.values() if x.study.target == "depression"]
    held = [mean_difference(s)[0] for s in studies if s.given == "mean_sd"]
    assert len(held) == 2
    assert min(held) == 37.0 > upper


# ---- Tu 2016, Qiao 2024 -------------------------------------------------------------------------


def test_tu_direction_and_p(meta, found):
    # Peripheral IGF-1 in either disorder, random effects, studies until 2015; without and with the
    # one from culture. We hold up to 5 of the 9 studies.
    row = meta.loc[("Tu 2016", "MDD+BD")]
    assert row["p"] == "<0.001"
    serum = ("Deuschle 1997", "Franz 1999", "Kopczak 2015", "Liu 2014")
    for names in (serum, (*serum, "Kim 2013")):
        fit = pooled(found, *names, estimator="DL").normal()
        assert fit.estimate > 0
        assert fit.p < 0.001
        assert sum(found[name].study.n_case for name in names) < row["n_case"]


def test_qiao_direction_and_p(meta, found):
    assert meta.loc[("Qiao 2024", "MDD"), "pooled"].startswith("higher in MDD")
    fit = pool_published(choose(tuple(found.values())), "depression").fit
    assert fit.mu > 0
    assert fit.p < 0.05
    # What the abstract does not say: a further study may well find less, or the opposite.
    assert fit.pi_low < 0 < fit.pi_high
