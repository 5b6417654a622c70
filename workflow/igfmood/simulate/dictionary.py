"""The data dictionary that goes with the invented cohorts.

Takes: `dictionary.yaml` beside this file and the cohorts' plans.
Gives: the text of `README.md`.
"""

from importlib.resources import files
from typing import Any

import yaml

from igfmood.simulate.cohort import CohortPlan


def load_dictionary() -> dict[str, Any]:
    """Read the dictionary.

    Returns
    -------
    dict
        ``introduction``, ``cohorts`` (each with ``title``, ``format``, ``notes`` and ``columns``:
        name, meaning, coding, unit) and ``closing``.
    """
    loaded: dict[str, Any] = yaml.safe_load(
        files(__package__).joinpath("dictionary.yaml").read_text(encoding="utf-8")
    )
    return loaded


def readme_text(seed: int, plans: list[CohortPlan]) -> str:
    """Markdown page with one table per cohort.

    Parameters
    ----------
    seed : int
    plans : list of CohortPlan

    Returns
    -------
    str
    """
    book = load_dictionary()
    parts = [book["introduction"].format(seed=seed)]
    for plan in plans:
        entry = book["cohorts"][plan.name]
        limit = f"{plan.assay.limit:g} {plan.assay.unit}"
        rows = [
            f"| `{name}` | {meaning} | {coding} | {unit} |"
            for name, meaning, coding, unit in entry["columns"]
        ]
        table = "\n".join(["| column | meaning | coding | unit |", "|---|---|---|---|", *rows])
        heading = f"## `{plan.file}`: {entry['title']}"
        parts.append(
            "\n\n".join([heading, entry["format"].strip(), table, entry["notes"].strip()]).replace(
                "{limit}", limit
            )
        )
    parts.append(book["closing"])
    return "\n\n".join(part.strip() for part in parts) + "\n"
