"""The report of a study: every figure, and the one HTML file.

Takes the files of a finished study; writes the figures with fixed names and the report.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from igfmood.files import write_text
from igfmood.performance.tasks import prediction_tasks
from igfmood.processes import do_all
from igfmood.report import names, style, words
from igfmood.report.counts import Counts
from igfmood.report.estimands import contrast, of_claim, severity
from igfmood.report.figures import (
    added,
    auc,
    batches,
    curves,
    decision,
    flow,
    forest,
    imputation,
    measured,
    missing,
    published,
    reference,
    shape,
    slopes,
    specification,
    transport,
    worm,
)
from igfmood.report.html import Picture, render
from igfmood.report.load import Findings, ReportInputs, load_findings
from igfmood.report.text import axis_of

#: Name, drawing, alt text.
Drawing = tuple[str, Callable[[], Figure], Callable[[], str]]


def write_report(
    inputs: ReportInputs, figures: Path, report: Path, processes: int = 1,
    vectors: Path | None = None,
) -> None:  # fmt: skip
    """Draw every figure and write the report.

    Parameters
    ----------
    inputs
        Files of the study.
    figures
        Folder of the figures.
    report
        The HTML file.
    processes
        How many processes draw; the figures are the same with any number.
    vectors
        Folder of the figures that are given as PDF too.
    """
    findings = load_findings(inputs)
    findings.prepare()
    counts = Counts(findings)
    work = {
        name: partial(picture, figures / f"{name}.png", draw, alt, _vector(vectors, name))
        for name, draw, alt in drawings(findings, counts)
    }
    with style.theme():
        pictures = dict(
            zip(work, do_all("drawing figures", list(work.values()), processes), strict=True)
        )
    write_text(render(findings, counts, pictures), report)


def picture(
    path: Path, draw: Callable[[], Figure], alt: Callable[[], str], vector: Path | None = None
) -> Picture:
    """Draw a figure into its file, and into another one as PDF."""
    figure = draw()
    style.save(figure, path, vector)
    return Picture(path, alt(), figure.get_label() == style.EMPTY)


def _vector(folder: Path | None, name: str) -> Path | None:
    """Return where a figure goes as PDF, None if it does not."""
    return folder / f"{name}.pdf" if folder and names.is_vector(name) else None


def drawings(findings: Findings, counts: Counts) -> Iterator[Drawing]:
    """Yield every figure of the report: its name, how it is drawn, and its alt text."""
    label = findings.study.analyte.label
    yield "flow", partial(flow.draw, findings, counts), partial(flow.alt, findings, counts)
    yield (
        "missing",
        partial(missing.draw, findings, counts),
        partial(missing.alt, findings, counts),
    )
    yield (
        "imputation", partial(imputation.draw_density, findings),
        partial(imputation.alt_density, findings),
    )  # fmt: skip
    yield (
        "imputation_trace", partial(imputation.draw_trace, findings),
        partial(imputation.alt_trace, findings),
    )  # fmt: skip
    for name, module in {
        "measured": measured, "reference": reference, "worm": worm, "batches": batches,
    }.items():  # fmt: skip
        yield name, partial(module.draw, findings), partial(module.alt, findings)
    forests = {"forest_severity": (severity(findings), f"PHQ-9 points per SD of {label}")}
    for task in findings.study.tasks:
        others = words.compared_with(task.name, findings.study)
        axis = f"Difference in {label}, SD (cases minus {others})"
        forests[f"forest_{task.name}"] = (contrast(findings, task.name), axis)
    for claim in names.with_forest(findings.claims.values()):
        for estimand in of_claim(findings, claim):
            forests[forest.name_of(estimand, claim)] = (estimand, axis_of(estimand, label))
    for name, (estimand, axis) in forests.items():
        yield (
            name,
            partial(forest.draw, findings, counts, estimand, axis),
            partial(forest.alt, findings, counts, estimand),
        )
    yield from _relations(findings)
    yield from _predictions(findings)


#: Kind of figure: how it is drawn, and told in words.
_OF_PREDICTION: dict[str, tuple[Callable[..., Figure], Callable[..., str]]] = {
    "added": (added.draw, added.alt),
    "auc": (auc.draw, auc.alt),
    "roc": (curves.draw_roc, curves.alt_roc),
    "calibration": (curves.draw_calibration, curves.alt_calibration),
    "decision": (decision.draw, decision.alt),
    "transport": (transport.draw, transport.alt),
}


def _predictions(findings: Findings) -> Iterator[Drawing]:
    """Yield the figures of every prediction task."""
    for task in prediction_tasks(findings.study):
        for kind in names.of_prediction(task):
            draw, alt = _OF_PREDICTION[kind]
            name = f"{kind}_{task.name}"
            yield name, partial(draw, findings, task), partial(alt, findings, task)


def _relations(findings: Findings) -> Iterator[Drawing]:
    """Yield the figures of form, buffering, forks and published studies."""
    for target in names.shaped(findings.study):
        yield (
            f"shape_{target}", partial(shape.draw, findings, target),
            partial(shape.alt, findings, target),
        )  # fmt: skip
    yield "slopes_stress", partial(slopes.draw, findings), partial(slopes.alt, findings)
    for claim in names.with_forks(findings.claims.values()):
        yield (
            f"specification_{claim.id}", partial(specification.draw, findings, claim),
            partial(specification.alt, findings, claim),
        )  # fmt: skip
    for target in names.published(findings.study):
        for kind, draw, alt in (
            ("published", published.draw_forest, published.alt_forest),
            ("funnel", published.draw_funnel, published.alt_funnel),
        ):
            name = f"{kind}_{target}"
            yield name, partial(draw, findings, target), partial(alt, findings, target)
