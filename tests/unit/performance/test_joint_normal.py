"""Gaps filled from the joint normal distribution of the training part."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from igfmood.errors import NotEstimable
from igfmood.performance import joint_normal
from igfmood.performance.joint_normal import JointNormal

COV = np.array([[1.0, 0.6, -0.3], [0.6, 2.0, 0.2], [-0.3, 0.2, 0.5]])


def noise(X, seed):
    return np.random.default_rng(seed).standard_normal(X.shape)


def table(n=400, seed=1, mean=(10.0, -2.0, 0.1)):
    values = np.random.default_rng(seed).multivariate_normal(mean, COV, n)
    return pd.DataFrame(values, columns=["a", "b", "c"])


def moments(learned):
    """Mean and covariance in the units of the table."""
    scale = learned.scale_[learned.varies_]
    return (
        learned.mean_ * scale + learned.center_[learned.varies_],
        learned.cov_ * np.outer(scale, scale),
    )


def test_a_complete_table_is_unchanged_and_its_moments_are_the_plain_ones():
    data = table()
    learned = JointNormal().fit(data)
    assert learned.transform(data) is data
    assert learned.draw(data, noise(data, 1)) is data
    mean, cov = moments(learned)
    assert mean == pytest.approx(data.mean().to_numpy(), rel=1e-12)
    assert cov == pytest.approx(data.cov(ddof=0).to_numpy(), rel=1e-5)


def test_one_column_with_gaps_has_the_closed_form():
    # Anderson (1957), J Am Stat Assoc 52:200: regression of b on a among who has both, and a's
    # moments among all.
    data = table()[["a", "b"]]
    data.loc[data["a"] > 10.3, "b"] = np.nan
    mean, cov = moments(JointNormal().fit(data))
    both = data.dropna()
    slope = np.cov(both["a"], both["b"], ddof=0)[0, 1] / both["a"].var(ddof=0)
    rest = (both["b"] - slope * both["a"]).var(ddof=0)
    spread = data["a"].var(ddof=0)
    shift = data["a"].mean() - both["a"].mean()
    assert mean[1] == pytest.approx(both["b"].mean() + slope * shift, abs=1e-4)
    assert cov[0, 1] == pytest.approx(slope * spread, abs=2e-4)
    assert cov[1, 1] == pytest.approx(rest + slope**2 * spread, abs=5e-4)


def test_gaps_of_every_pattern_maximise_the_likelihood_of_what_is_known():
    data = table(150, 2)
    rng = np.random.default_rng(3)
    values = data.mask(rng.random(data.shape) < 0.3).to_numpy(copy=True)
    values[:, 0] = np.where(np.isnan(values).all(axis=1), data["a"], values[:, 0])
    known = np.isfinite(values)
    patterns = [
        (pattern, values[(known == pattern).all(axis=1)][:, pattern])
        for pattern in np.unique(known, axis=0)
    ]
    assert sum(len(rows) for _, rows in patterns) == 150

    def deviance(theta):
        mean, root = theta[:3], np.zeros((3, 3))
        root[np.tril_indices(3)] = theta[3:]
        cov = root @ root.T
        return -sum(
            multivariate_normal(mean[pattern], cov[np.ix_(pattern, pattern)]).logpdf(rows).sum()
            for pattern, rows in patterns
        )

    learned = JointNormal().fit(pd.DataFrame(values, columns=list("abc")))
    mean, cov = moments(learned)
    here = np.concatenate([mean, np.linalg.cholesky(cov)[np.tril_indices(3)]])
    best = minimize(deviance, here, method="BFGS")
    assert deviance(here) - best.fun < 1e-4
    assert here == pytest.approx(best.x, abs=5e-3)


def test_draws_have_the_moments_of_the_people_they_stand_for():
    data = table(4000, 4)
    holes = data.copy()
    # At random given a: whoever is high in a is not measured.
    holes.loc[data["a"] > 10, ["b", "c"]] = np.nan
    learned = JointNormal().fit(holes)
    drawn = learned.draw(holes, noise(holes, 5))
    pd.testing.assert_frame_equal(drawn[holes.notna()], holes)
    assert drawn.mean().to_numpy() == pytest.approx(data.mean().to_numpy(), abs=0.1)
    assert drawn.cov().to_numpy() == pytest.approx(COV, abs=0.12)
    # Expectations, in contrast, vary too little.
    filled = learned.transform(holes)
    gaps = holes["b"].isna()
    slope = COV[0, 1] / COV[0, 0]
    line = (filled["b"] - slope * filled["a"])[gaps]
    assert line.std() < 0.05
    assert (drawn["b"] - slope * drawn["a"])[gaps].std() == pytest.approx(np.sqrt(1.64), abs=0.08)


def test_a_person_of_whom_nothing_is_known_gets_the_mean_or_a_draw_around_it():
    data = table(2000, 6)
    learned = JointNormal().fit(data)
    nobody = pd.DataFrame(np.full((3000, 3), np.nan), columns=list("abc"))
    assert learned.transform(nobody).to_numpy() == pytest.approx(
        np.tile(data.mean().to_numpy(), (3000, 1))
    )
    drawn = learned.draw(nobody, noise(nobody, 7))
    assert drawn.cov().to_numpy() == pytest.approx(COV, abs=0.15)


def test_a_column_known_of_nobody_in_training_stays_missing_and_disturbs_no_other():
    data = table(100, 8)
    data.loc[::3, "b"] = np.nan
    without = JointNormal().fit(data).transform(data)
    learned = JointNormal().fit(data.assign(d=np.nan))
    filled = learned.transform(data.assign(d=1.0))
    assert (filled["d"] == 1).all()
    pd.testing.assert_frame_equal(filled[["a", "b", "c"]], without)
    assert learned.transform(data.assign(d=np.nan))["d"].isna().all()


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1])
def test_a_column_that_does_not_vary_is_filled_with_its_value_exactly(value):
    data = table(100, 9).assign(d=value)
    data.loc[::7, ["b", "d"]] = np.nan
    drawn = JointNormal().fit(data).draw(data, noise(data, 1))
    assert (drawn["d"] == value).all()
    assert drawn["b"].notna().all()


def test_columns_that_go_together_are_filled_by_each_other():
    data = table(200, 10)[["a"]].assign(twice=lambda t: 2 * t["a"] + 1)
    holes = data.copy()
    holes.loc[::4, "twice"] = np.nan
    drawn = JointNormal().fit(holes).draw(holes, noise(holes, 2))
    assert drawn["twice"].to_numpy() == pytest.approx(data["twice"].to_numpy(), abs=0.05)


def test_columns_never_known_together_are_no_obstacle():
    data = table(200, 11)[["a", "b"]]
    data.loc[::2, "a"] = np.nan
    data.loc[1::2, "b"] = np.nan
    filled = JointNormal().fit(data).transform(data)
    assert filled.notna().all(axis=None)


def test_test_people_teach_nothing_and_each_is_filled_alone():
    data, new = table(100, 12), table(50, 13)
    new.loc[::2, "b"] = np.nan
    learned = JointNormal().fit(data)
    alone = pd.concat([learned.transform(new.iloc[[i]]) for i in range(50)])
    together = learned.transform(new)
    assert alone.to_numpy() == pytest.approx(together.to_numpy(), rel=1e-12)


def test_draws_follow_the_generator():
    data = table(100, 14)
    data.loc[::2, "b"] = np.nan
    learned = JointNormal().fit(data)
    one, same, other = (learned.draw(data, noise(data, seed)) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same, check_exact=True)
    assert (one["b"] != other["b"])[::2].all()


def test_too_many_steps_are_refused(monkeypatch):
    monkeypatch.setattr(joint_normal, "_MOST_STEPS", 2)
    data = table(100, 15)
    data.loc[::2, "b"] = np.nan
    with pytest.raises(NotEstimable, match="over 2 steps"):
        JointNormal().fit(data)


def test_it_is_a_scikit_learn_transformer():
    data = table(50, 16)
    data.loc[0, "a"] = np.nan
    filled = JointNormal().set_output(transform="pandas").fit_transform(data)
    assert list(filled.columns) == ["a", "b", "c"]
    assert filled.notna().all(axis=None)


def test_what_is_drawn_for_a_person_depends_on_nobody_else():
    rng = np.random.default_rng(3)
    data = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
    data["b"] += data["a"]
    holes = data.mask(rng.random(data.shape) < 0.2)
    learned, numbers = JointNormal().fit(holes), noise(holes, 4)
    whole = learned.draw(holes, numbers)
    some = rng.permutation(60)[:17]
    alone = learned.draw(holes.iloc[some], numbers[some])
    assert np.allclose(alone, whole.iloc[some], atol=1e-12)
