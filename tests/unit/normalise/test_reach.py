"""Whom a reference reaches, in words."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from igfmood.normalise.reach import told


@pytest.mark.parametrize(
    ("n", "held", "without"),
    [
        (1, "1 row is of an age", "1 row with a measurement has no score: its age"),
        (2, "2 rows are of an age", "2 rows with a measurement have no score: their age"),
    ],
)
def test_one_row_and_several(n, held, without):
    people = pd.DataFrame({"age": 40.0, "female": True, "value": 150.0, "below": False},
                          index=range(2 * n))  # fmt: skip
    scores = np.repeat([0.5, np.nan], n)
    learned = SimpleNamespace(curve=object(), outside=lambda people: np.isfinite(scores))
    first, second = told(people, learned, scores)
    assert first.startswith(held)
    assert second.startswith(without)
