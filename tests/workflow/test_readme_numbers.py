"""The first result that the README shows is the one that the default study gives."""

import json

import pandas as pd

from workflow.project import ROOT, Project


def shown_in_readme(row: pd.Series) -> str:
    """Return a pooled result as the README writes it."""
    form, digits = {
        "smd": ("{} SD ({} to {})", 2), "auc": ("AUC {} ({} to {})", 3),
        "delta_auc": ("{} ({} to {})", 3),
    }.get(row["measure"], ("{} ({} to {})", 2))  # fmt: skip
    plus = "" if row["measure"] == "auc" or row["estimate"] < 0 else "+"
    numbers = [f"{row[key]:.{digits}f}" for key in ("estimate", "ci_low", "ci_high")]
    return form.format(plus + numbers[0], *numbers[1:]).replace("-", "−")


def test_first_result_is_that_of_the_default_study(finished: Project) -> None:
    folder = finished.results() / "pooled"
    table = pd.read_parquet(folder / "results.parquet").set_index("result_id")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    assert verdicts
    rows = [table.loc[name] for verdict in verdicts for name in verdict["result_ids"]]
    rows = [row for row in rows if row["status"] == "ok"]
    assert len(rows) > len(verdicts)
    wrong = [text for text in map(shown_in_readme, rows) if text not in readme]
    wrong += [f"{row['n']:,}" for row in rows if f"| {row['n']:,} |" not in readme]
    wrong += [
        line
        for line in (f"{v['verdict'].replace('_', ' '):<14} {v['statement']}" for v in verdicts)
        if line not in readme
    ]
    assert not wrong, "README, A first result: these are the numbers now"
