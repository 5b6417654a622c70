"""One HTML file from findings, figures and templates.

Takes the findings and the drawn figures; gives a self-contained page: style, script and pictures
inside, nothing fetched, no clock.
"""

import base64
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from PIL import Image

from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.report import (
    check_tables,
    cohort_tables,
    control_tables,
    foreseen,
    methods,
    names,
    operating_tables,
    prediction_page,
    quality,
    relation_tables,
    sensitivity_tables,
    tables,
    text,
    words,
)
from igfmood.report.checklists import filled, profile
from igfmood.report.counts import Counts
from igfmood.report.estimands import Estimand, contrast, margin_of, of_claim, severity
from igfmood.report.figures import forest, specification
from igfmood.report.genetics_tables import Genes, genes
from igfmood.report.load import Findings, Verdict
from igfmood.report.numbers import Link, Number, Text
from igfmood.report.other_measures import other_measures
from igfmood.report.protected import without_sizes
from igfmood.report.style import DPI
from igfmood.report.tables import Table
from igfmood.report.text import stands_alone
from igfmood.results import POOLED, READING
from igfmood.visible import visible

_TEMPLATES = Path(__file__).parent / "templates"
#: Width of a figure on the page, in rem, that is drawn this many inches wide.
_WIDEST, _FULL = 56, 8.6
#: Where the origins of numbers go, once it is known which numbers the page shows.
_ORIGINS = "@origins-of-numbers@"
_SHOWN = re.compile(r'data-result="([0-9a-f]{12})"')


@dataclass(frozen=True)
class Picture:
    """A drawn figure: its file, the words that stand for it, whether it has nothing to show."""

    path: Path
    alt: str
    empty: bool

    @property
    def source(self) -> str:
        """The picture as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.path.read_bytes()).decode("ascii")

    @property
    def rem(self) -> int:
        """Width on the page: a figure of few panels is not blown up."""
        with Image.open(self.path) as picture:
            return min(_WIDEST, round(_WIDEST * picture.width / (_FULL * DPI)))


@dataclass(frozen=True)
class Detail:
    """What one quantity behind a claim looks like."""

    heading: str
    figure: str
    margin: bool
    tables: tuple[Table, ...]
    equivalence: Text
    others: tuple[Table, ...]
    legend: str
    ratio: Text
    absent: str
    missing: str = ""


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict, ready to be drawn; `population` is empty for everybody."""

    claim: Claim
    verdict: Verdict
    population: str
    look: tuple[str, str, str]
    lines: tuple[Text, ...]
    details: tuple[Detail, ...]
    checks: Table
    robustness: Table
    operating: Table
    subsets: tuple[Table, ...]
    synthesis: tuple[Table, ...]
    forks: str
    genes: Genes | None

    @property
    def has_section(self) -> bool:
        """Whether there is more to show than the verdict."""
        return bool(self.details) or self.genes is not None


def render(findings: Findings, counts: Counts, pictures: Mapping[str, Picture]) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    findings, counts
        The study.
    pictures
        Figure name (``forest_depression``): picture.
    """
    return page("report.html", _content(findings, counts, pictures), findings)


def page(template: str, content: Mapping[str, Any], findings: Findings) -> str:
    """Return a page as HTML, with style and script and where each number on it came from."""
    html = (
        _environment()
        .get_template(template)
        .render(
            content,
            style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
            script=Markup((_TEMPLATES / "report.js").read_text(encoding="utf-8")),
            traces=Markup(_ORIGINS),
        )
    )
    shown = set(_SHOWN.findall(html))
    return html.replace(_ORIGINS, htmlsafe_json_dumps(_traces(findings, shown)))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.tests["number"] = lambda part: isinstance(part, Number)
    environment.tests["link"] = lambda part: isinstance(part, Link)
    return environment


def _shown(value: Any) -> Any:
    """Return a value as it stands on the page: characters that steer or turn text are seen."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _content(findings: Findings, counts: Counts, pictures: Mapping[str, Picture]) -> dict[str, Any]:
    study = findings.study
    judged = [_judged(verdict, findings, counts) for verdict in findings.verdicts]
    titles = findings.titles()
    failed = {one.cohort for one in findings.failures() if one.stage == READING}
    return {
        "study": study,
        "margin_text": text.margin_text,
        "title": study.title or study.study,
        "claims_file": Path(study.claims).name,
        "label": study.analyte.label,
        "judged": judged,
        "fixed": findings.fixed,
        "tally": _tally(judged),
        "failed": len(failed),
        "partly": len({one.cohort for one in findings.failures()} - {POOLED} - failed),
        "failures": [
            (
                "Pooled" if one.cohort == POOLED else titles.get(one.cohort, one.cohort),
                words.ANALYSES.get(one.stage, one.stage),
                one.reason,
            )
            for one in findings.failures()
        ],
        "pictures": pictures,
        "severity": _detail(severity(findings), "severity", findings, counts, None),
        "severity_checks": check_tables.checks_table(
            "checks_severity", "severity", "phq9_total", "beta", findings
        ),
        "contrasts": _unclaimed_contrasts(findings, counts),
        "predictions": prediction_page.predictions(findings, counts),
        "captions": prediction_page.CAPTIONS,
        "panel_script": Markup((_TEMPLATES / "panel.js").read_text(encoding="utf-8")),
        "flow": cohort_tables.flow_table(findings, counts),
        "table_1": cohort_tables.table_1(findings, counts),
        "shapes": [
            (
                target,
                words.target(target, study),
                relation_tables.shape_table(findings, target),
                check_tables.checks_table(
                    f"checks_shape_{target}", "shape", target, "slope", findings
                ),
            )
            for target in names.shaped(study)
        ],
        "published": [
            (
                target,
                words.target(target, study),
                relation_tables.syntheses_table(findings, target, counts),
                relation_tables.published_table(findings, target),
            )
            for target in names.published(study)
        ],
        "imputation": relation_tables.imputation_table(findings),
        "negative_controls": control_tables.controls_table(findings),
        "quality": quality.quality(findings, counts),
        "normalisation": quality.normalisation(findings, counts),
        "not_estimable": int((findings.table["status"] != "ok").sum()),
        "missing": tables.missing_table(findings),
        "provenance": tables.provenance_table(findings),
        "methods": methods.methods(findings),
        "limits": methods.limits(findings),
        "checklists": filled.filled(findings),
        "remark_profile": [profile.people_table(findings), profile.analyses_table(findings)],
        "settings": words.SETTINGS,
        "min_cell": findings.min_cell,
    }


def _judged(verdict: Verdict, findings: Findings, counts: Counts) -> Judged:
    claim = findings.claims[verdict.claim]
    details = tuple(
        _detail(estimand, _name(claim, estimand), findings, counts, claim)
        for estimand in of_claim(findings, claim)
        if any(row["status"] == "ok" for row in estimand.cohorts(findings))
    )
    lines = tuple(
        line for line in (
            *text.verdict_lines(verdict, findings, counts),
            *foreseen.lines(verdict, findings), operating_tables.error_rates(claim, findings),
        ) if line
    )  # fmt: skip
    main = of_claim(findings, claim)[0]
    # Models are checked among everybody.
    checks = Table(f"checks_{claim.id}", "", (), ()) if main.population != ALL else (
        check_tables.checks_table(
            f"checks_{claim.id}", main.analysis, main.target, main.measure, findings
        )
    )  # fmt: skip
    return Judged(
        claim, verdict, words.population(main.population, findings.study),
        words.VERDICTS[verdict.verdict], lines, details, checks,
        sensitivity_tables.robustness_table(claim, findings),
        operating_tables.operating_table(claim, findings),
        sensitivity_tables.subsets_tables(claim, findings),
        sensitivity_tables.synthesis_tables(claim, findings),
        specification.caption(findings, claim), genes(claim, findings),
    )  # fmt: skip


def _name(claim: Claim, estimand: Estimand) -> str:
    """Return the name of a number's tables: of two terms of one claim, each has its own."""
    term = f"_{estimand.term}" if claim.estimand.also else ""
    return f"claim_{claim.id}_{estimand.measure}{term}"


def _detail(
    estimand: Estimand, name: str, findings: Findings, counts: Counts, claim: Claim | None
) -> Detail:
    study = findings.study
    analysis = words.ANALYSES.get(estimand.analysis, estimand.analysis)
    measure = words.MEASURES.get(estimand.measure, estimand.measure)
    about = estimand.about(findings) if estimand.target else analysis
    model = estimand.adjusted(findings)
    headings = {
        "auc": f"AUC of {model}",
        "delta_auc": f"AUC that {study.analyte.label} adds",
    }
    if estimand.analysis == "stress_buffering":
        measure = f"interaction of stress and {study.analyte.label}"
    if estimand.term in words.TERMS:
        measure = f"{words.TERMS[estimand.term].lower()}, {measure}"
    pooled = estimand.pooled(findings)
    alone = pooled is not None and stands_alone(pooled)
    # What two terms share stands with the first.
    second = claim is not None and bool(estimand.term) and estimand.term == claim.estimand.also
    return Detail(
        heading=f"{about}: {headings.get(estimand.measure, f'{measure}, {model}')}",
        figure=forest.name_of(estimand, claim),
        margin=margin_of(findings, estimand) is not None,
        tables=(
            tables.pooled_table(f"pooled_{name}", estimand, findings, counts),
            *(() if alone else
              (tables.leave_one_out_table(f"leave_one_out_{name}", estimand, findings),)),
        ) if pooled is not None else (),
        equivalence=text.equivalence(claim, estimand, findings) if claim else (),
        others=() if second else (other_measures(f"others_{name}", estimand, findings),),
        legend=forest.legend_of_one(findings, estimand),
        ratio=() if pooled is None else text.in_a_note(pooled),
        absent=forest.absent(findings, estimand),
        missing="" if pooled is not None else estimand.why_not(findings),
    )  # fmt: skip


def _unclaimed_contrasts(findings: Findings, counts: Counts) -> list[tuple[str, Detail]]:
    """Return group differences that no claim is about, such as bipolar against unipolar."""
    claimed = {
        claim.estimand.target
        for claim in findings.claims.values()
        if (claim.estimand.analysis, claim.estimand.population) == ("contrast", ALL)
    }
    return [
        (
            task.label,
            _detail(contrast(findings, task.name), f"task_{task.name}", findings, counts, None),
        )
        for task in findings.study.tasks
        if task.name not in claimed
    ]


def _tally(judged: list[Judged]) -> list[tuple[str, int, tuple[str, str, str]]]:
    return [
        (name, sum(item.verdict.verdict == name for item in judged), look)
        for name, look in words.VERDICTS.items()
    ]


def _traces(findings: Findings, shown: Container[str]) -> dict[str, Any]:
    """Return where each number of the page came from, without the number itself.

    Every word stands once: ``rows`` holds, per result id, the place of each column's word.
    """
    columns = [
        "cohort", "analysis", "target", "model", "adjustment", "stratum", "term", "measure",
        "method", "code", "inputs",
    ]  # fmt: skip
    places: dict[str, int] = {"": 0}
    rows = {}
    for row in findings.table[["result_id", *columns]].itertuples(index=False):
        name, *found = (str(value) for value in row)
        if name not in shown:
            continue
        found[columns.index("method")] = without_sizes(found[columns.index("method")])
        rows[name] = [places.setdefault(word, len(places)) for word in found]
    return {"columns": columns, "words": list(places), "rows": rows}
