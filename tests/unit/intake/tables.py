"""Small tables that the recognition is tried on."""

import numpy as np
import pandas as pd

from builders import as_raw
from igfmood.intake.profile import Given, Profile


def given(table: pd.DataFrame, name: str = "table.csv") -> Given:
    """Return a table as `init` reads it: cells as text, rows from 1."""
    cells = table.astype(object).where(table.notna(), "").astype(str)
    cells.index = pd.RangeIndex(1, len(cells) + 1, name="row")
    return Given(name, as_raw(cells))


def columns(**cells: object) -> dict[str, Profile]:
    """Return the profiles of columns."""
    return given(pd.DataFrame(cells)).profiles


def clinic(n: int = 120, seed: int = 1) -> pd.DataFrame:
    """Return patients and controls with IGF-1 in ng/mL, PHQ-9 items, and sex as 1 and 2."""
    rng = np.random.default_rng(seed)
    case = np.arange(n) % 2 == 1
    items = np.clip(rng.poisson(np.where(case, 1.6, 0.3)[:, None], (n, 9)), 0, 3)
    table = pd.DataFrame({f"phq9_{item}": items[:, item - 1] for item in range(1, 10)})
    return table.assign(
        id=[f"P{row:03d}" for row in range(n)],
        age=rng.integers(20, 70, n),
        sex=rng.integers(1, 3, n),
        bmi=rng.normal(26, 4, n).round(1),
        igf1=np.exp(rng.normal(5.0, 0.25, n)).round(1),
        dx=np.where(case, "MDD", "HC"),
    )
