"""Hand and Till's M against pROC 1.18.0 multiclass.roc on aSAH (auc_asah.json).

pROC's figure is of one score for all pairs, each pair turned so that it is above 0.5. The same
comes out of ours where every class has the score as far from it as that. Tolerance 1e-12.
"""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.discrimination import auc_delong
from igfmood.performance.metrics.hand_till import hand_till
from oracle_files import load_oracle


@pytest.mark.shared
@pytest.mark.usefixtures("shared")
def test_one_marker_for_every_pair():
    oracle, table = load_oracle("auc_asah.json"), load_oracle("auc_asah.csv")
    outcomes = sorted(table["gos6"].unique())
    turned = []
    for low, high in combinations(outcomes, 2):
        pair = table[table["gos6"].isin([low, high])]
        classes = pair["gos6"].astype(str).to_numpy()
        scores = np.column_stack([-pair["s100b"], pair["s100b"]])
        if min((pair["gos6"] == low).sum(), (pair["gos6"] == high).sum()) < 2:
            with pytest.raises(NotEstimable):
                hand_till(classes, scores, [str(low), str(high)])
            auc = (scores[classes == str(high), 1][:, None] > scores[classes == str(low), 1]).mean()
        else:
            auc = hand_till(classes, scores, [str(low), str(high)]).m.estimate
        turned.append(max(auc, 1 - auc))
    expected = oracle["multiclass_hand_till_gos6_s100b"]
    assert np.mean(turned) == pytest.approx(expected, abs=1e-12)


def three_classes(n=300):
    rng = np.random.default_rng(3)
    classes = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    scores = rng.normal(size=(n, 3)) + 0.8 * (classes[:, None] == np.array(["a", "b", "c"]))
    p = np.exp(scores)
    return classes, p / p.sum(axis=1, keepdims=True)


def test_as_scikit_learn():
    classes, p = three_classes()
    found = hand_till(classes, p, ["a", "b", "c"])
    expected = roc_auc_score(classes, p, multi_class="ovo", average="macro", labels=["a", "b", "c"])
    assert found.m.estimate == pytest.approx(expected, abs=1e-12)
    assert np.mean(list(found.pairs.values())) == pytest.approx(expected, abs=1e-12)


def test_two_classes_are_delong():
    classes, p = three_classes()
    rows = classes != "c"
    score = p[rows, 0]
    found = hand_till(classes[rows], np.column_stack([score, -score]), ["a", "b"])
    expected = auc_delong((classes[rows] == "a").astype(int), score)
    assert found.m.estimate == pytest.approx(expected.auc[0], abs=1e-12)
    assert found.m.se == pytest.approx(expected.se[0], rel=1e-12)


def test_the_standard_error_is_that_of_the_bootstrap():
    classes, p = three_classes()
    names = ["a", "b", "c"]
    rng = np.random.default_rng(4)
    groups = [np.flatnonzero(classes == name) for name in names]
    found = []
    for _ in range(400):
        rows = np.concatenate([rng.choice(group, len(group)) for group in groups])
        found.append(hand_till(classes[rows], p[rows], names).m.estimate)
    # 400 samples know an SD to 3.5 %.
    assert hand_till(classes, p, names).m.se == pytest.approx(np.std(found), rel=0.1)
