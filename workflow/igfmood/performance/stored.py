"""Out-of-fold predictions as a table: the first-class output that every measure comes from.

Takes the predictions of one cohort; gives one row for each person, model, tier and draw.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from igfmood.performance.predict import Predicted
from igfmood.performance.splits import CROSS_VALIDATION
from igfmood.performance.tasks import PredictionTask

#: Column: type. `repeat` counts repeats of cross-validation, `imputation` completed tables of a
#: validation; `of` is the class that `p` is the risk of; `time` is follow-up in years.
COLUMNS = {
    "analysis": "category", "task": "category", "model": "category", "tier": "category",
    "repeat": "int16", "imputation": "int16", "fold": "int16", "held_out": "category",
    "participant": "category", "of": "category", "y": "int8", "time": "float32", "p": "float64",
}  # fmt: skip


def empty_table() -> pd.DataFrame:
    """Return the table without rows."""
    return _typed({name: [] for name in COLUMNS})


def as_table(found: Predicted, task: PredictionTask) -> pd.DataFrame:
    """Return the predictions of one cohort as a table."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in COLUMNS}
    for (model, tier), p in found.p.items():
        draws, n = p.shape[:2]
        classes = task.classes if p.ndim == 3 else task.classes[1:]
        values = p.reshape(draws, n, -1)
        k = values.shape[2]
        draw = np.repeat(np.arange(draws), n * k)
        within = found.analysis == CROSS_VALIDATION
        people = found.people
        columns = {
            "analysis": found.analysis, "task": task.name, "model": model, "tier": tier,
            "repeat": draw if within else 0, "imputation": 0 if within else draw,
            "fold": np.repeat(found.fold[:draws].ravel(), k),
            "held_out": found.cohort,
            "participant": np.tile(np.repeat(people.participant, k), draws),
            "of": np.tile(np.array(classes, dtype=object), draws * n),
            "y": np.tile(np.repeat(people.y, k), draws),
            "time": np.tile(np.repeat(people.time, k), draws),
            "p": values.ravel(),
        }  # fmt: skip
        for name, value in columns.items():
            parts[name].append(np.broadcast_to(np.asarray(value), len(draw)))
    if not found.p:
        return empty_table()
    return _typed({name: np.concatenate(values) for name, values in parts.items()})


def _typed(columns: Mapping[str, object]) -> pd.DataFrame:
    kinds = {name: "str" if kind == "category" else kind for name, kind in COLUMNS.items()}
    return pd.DataFrame(columns).astype(kinds)
