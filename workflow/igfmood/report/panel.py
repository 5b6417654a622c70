"""What a test would do among 1,000 people: the aggregates behind the interactive panel.

Takes the findings and a prediction task; gives, for each cohort and model, the points of its ROC
curve that may be shown. The page's script does the rest: no person's value is in it.
"""

from dataclasses import dataclass
from typing import Any

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from igfmood import results
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.prediction import place_name, setting_of
from igfmood.report.small_cells import too_few_on_roc

#: Fewer points than this are no choice.
_FEWEST = 3


@dataclass(frozen=True)
class Panel:
    """The panel of one task.

    Parameters
    ----------
    task
        Its name.
    places
        Cohorts, as the panel offers them: name of each, and of its models.
    data
        The points, as the script reads them.
    prevalence
        Where the share of people with the outcome starts, percent.
    """

    task: str
    places: tuple[tuple[str, tuple[str, ...]], ...]
    data: Markup
    prevalence: float


def panel_of(findings: Findings, task: PredictionTask) -> Panel | None:
    """Return the panel of a task, None where no curve has points enough to choose from."""
    study = findings.study
    setting = setting_of(findings, task)
    rows = results.select(
        findings.table, analysis="roc_curve", target=task.name, measure="sensitivity",
        status="ok", stratum=setting, adjustment=list(study.added_value),
    )  # fmt: skip
    found: list[dict[str, Any]] = []
    for cohort in findings.titles():
        models = []
        for tier in study.added_value:
            mine = rows[(rows["cohort"] == cohort) & (rows["adjustment"] == tier)]
            points = [
                [round(float(row["term"]), 2), round(float(row["estimate"]), 3), row["result_id"]]
                for _, row in mine.sort_values("term").iterrows()
                if 0 < float(row["term"]) < 1 and not too_few_on_roc(findings, row)
            ]  # fmt: skip
            if len(points) >= _FEWEST:
                models.append({"name": words.prediction_tier(tier, study), "points": points})
        if models:
            found.append({"name": place_name(findings, cohort), "models": models})
    if not found:
        return None
    places = tuple((one["name"], tuple(m["name"] for m in one["models"])) for one in found)
    shares = study.prediction.prevalences
    first = shares[len(shares) // 2].value if shares else 0.1
    return Panel(task.name, places, htmlsafe_json_dumps(found), round(100 * first, 1))
