"""CR2 against its definition with whole matrices, published df, clusters that decide alone."""

import numpy as np
import pytest

from igfmood.association.models.cluster_robust import cluster_robust, student_contrast
from igfmood.errors import NotEstimable

SIZES = (1, 2, 2, 5, 30, 30, 12)


@pytest.fixture
def data():
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(len(SIZES)), SIZES)
    rng.shuffle(cluster)
    level = rng.normal(size=len(SIZES))
    n = cluster.size
    X = np.column_stack([np.ones(n), rng.normal(size=n) + 5, level[cluster], cluster > 3])
    return (
        X,
        X @ [1, 0.2, 3, 0] + rng.normal(size=len(SIZES))[cluster] + rng.normal(size=n),
        cluster,
    )


def by_definition(X, y, cluster, w, contrast):
    """Variance and Satterthwaite df with the n x n residual maker, cluster by cluster."""
    bread = np.linalg.inv(X.T @ (X * w[:, None]))
    maker = np.eye(len(y)) - X @ bread @ (X * w[:, None]).T
    weights = X @ bread @ contrast * w
    parts = []
    for name in np.unique(cluster):
        rows = cluster == name
        values, vectors = np.linalg.eigh((maker @ maker.T)[np.ix_(rows, rows)])
        power = np.where(values > 1e-10, np.abs(values), np.inf) ** -0.5
        parts.append(maker[rows].T @ (vectors * power) @ vectors.T @ weights[rows])
    parts = np.array(parts)
    eigenvalues = np.linalg.eigvalsh(parts @ parts.T)
    return np.sum((parts @ y) ** 2), eigenvalues.sum() ** 2 / np.sum(eigenvalues**2)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("contrast", [(0, 1, 0, 0), (0, 0, 1, 0), (1, 5, 0, 1)])
def test_definition(data, weighted, contrast):
    X, y, cluster = data
    w = np.random.default_rng(2).uniform(0.2, 3, y.size) if weighted else np.ones(y.size)
    fit = cluster_robust(X, y, cluster, w)
    found = fit.linear_combination(contrast)
    variance, df = by_definition(X, y, cluster, w, np.array(contrast))
    assert found.se == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert found.df == pytest.approx(df, rel=1e-9)
    assert found.estimate == pytest.approx(np.array(contrast) @ fit.beta, rel=1e-12)
    assert (fit.n, fit.n_clusters) == (82, 7)


@pytest.mark.parametrize(("exposed", "unexposed"), [(3, 27), (3, 4), (10, 10)])
def test_df_of_two_groups_of_clusters(exposed, unexposed):
    # Imbens GW, Kolesar M (2016). Rev Econ Stat 98:701-712: closed form for two groups, here of
    # clusters of equal size; (3, 27) is the design of their Table 1, with df 2.5.
    cluster = np.repeat(np.arange(exposed + unexposed), 4)
    x = (cluster < exposed).astype(float)
    y = np.random.default_rng(3).normal(size=x.size)
    found = cluster_robust(np.column_stack([np.ones(x.size), x]), y, cluster).contrast(1)
    a, b = exposed, unexposed
    expected = (a + b) ** 2 * (a - 1) * (b - 1) / (b**2 * (b - 1) + a**2 * (a - 1))
    assert found.df == pytest.approx(expected, rel=1e-9)
    means = np.add.reduceat(y, np.arange(0, y.size, 4)) / 4
    welch = means[:a].var(ddof=1) / a + means[a:].var(ddof=1) / b
    assert found.se == pytest.approx(np.sqrt(welch), rel=1e-9)


def test_unbiased_when_errors_are_independent(data):
    # E[cov] under equal independent errors, by linearity from unit outcomes in every direction.
    X, _, cluster = data
    keep = cluster != 0
    X, cluster = X[keep], cluster[keep]
    expected = np.linalg.inv(X.T @ X)[1, 1]
    total = sum(cluster_robust(X, unit, cluster).cov[1, 1] for unit in np.eye(len(X)))
    assert total == pytest.approx(expected, rel=1e-9)


def test_intercept_of_each_cluster_leaves_the_common_slope_estimable(data):
    X, y, cluster = data
    dummies = (cluster[:, None] == np.arange(1, 7)).astype(float)[cluster > 0]
    X, y, cluster = X[cluster > 0], y[cluster > 0], cluster[cluster > 0]
    fit = cluster_robust(np.column_stack([X[:, 1], dummies]), y, cluster)
    design = np.column_stack([X[:, 1], dummies])
    variance, df = by_definition(design, y, cluster, np.ones(y.size), np.eye(7)[0])
    assert fit.contrast(0).se == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert fit.contrast(0).df == pytest.approx(df, rel=1e-9)
    with pytest.raises(NotEstimable, match="cluster 3 alone determines"):
        fit.contrast(3)


def test_coefficient_of_one_cluster_is_refused(data):
    X, y, cluster = data
    fit = cluster_robust(np.column_stack([X[:, :2], cluster == 4]), y, cluster)
    assert fit.contrast(1).se > 0
    with pytest.raises(NotEstimable, match=r"cluster 4 alone determines .* 63% of the variance"):
        fit.contrast(2)


def test_row_order_and_labels_do_not_matter(data):
    X, y, cluster = data
    shuffled = np.random.default_rng(4).permutation(y.size)
    names = np.array(list("gfedcba"))[cluster]
    found = cluster_robust(X[shuffled], y[shuffled], names[shuffled])
    np.testing.assert_allclose(found.cov, cluster_robust(X, y, cluster).cov, rtol=1e-9)


def test_too_little_to_estimate(data):
    X, y, cluster = data
    with pytest.raises(NotEstimable, match="at least 2 clusters, found 1"):
        cluster_robust(X, y, np.zeros(y.size))
    with pytest.raises(NotEstimable, match="too few rows for 4 coefficients: n = 4"):
        cluster_robust(X[:4], y[:4], [0, 0, 1, 1])
    with pytest.raises(NotEstimable, match=r"column 4 .* linear combination"):
        cluster_robust(np.column_stack([X, X[:, 1] + 1]), y, cluster)
    with pytest.raises(NotEstimable, match="no residual variance"):
        cluster_robust(X, X @ [1.0, 2, 3, 4], cluster)
    with pytest.raises(NotEstimable, match="no variance"):
        student_contrast(1.0, 0.0, 5.0, 0.95)
    with pytest.raises(NotEstimable, match="no variance"):
        cluster_robust(X, y, cluster).linear_combination([0, 0, 0, 0])


def test_malformed_input(data):
    X, y, cluster = data
    with pytest.raises(ValueError, match="do not match"):
        cluster_robust(X, y, cluster[:-1])
    with pytest.raises(ValueError, match="missing or infinite"):
        cluster_robust(X, np.where(np.arange(y.size) == 3, np.nan, y), cluster)
    with pytest.raises(ValueError, match="weights must be positive"):
        cluster_robust(X, y, cluster, np.zeros(y.size))
    with pytest.raises(ValueError, match="expected 4 weights"):
        cluster_robust(X, y, cluster).linear_combination([1, 0])
