"""The study file that `init` writes.

Takes what was recognised in each cohort; gives the text of a commented study file, which is valid
configuration once its marks are confirmed.
"""

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from igfmood.intake.analytes import ANALYTES
from igfmood.intake.entry import entry_lines
from igfmood.intake.guess import Question
from igfmood.intake.marks import MARK
from igfmood.intake.recognise import Recognised
from igfmood.intake.yaml_lines import comment, mapping, question, scalar

CLAIMS = "config/claims.yaml"


def slug(text: str) -> str:
    """Return a name that is safe as a file name, of at most 40 characters."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")
    return plain[:40] or "cohort"


def study_text(
    cohorts: Mapping[str, Recognised], study: str, data_root: str, analyte: str, path: str
) -> str:
    """Return the text of the study file.

    Parameters
    ----------
    cohorts
        Name of the cohort: what was recognised.
    study
        Name of the study.
    data_root
        Folder of the tables, relative to the working folder.
    analyte
        One of `ANALYTES`.
    path
        Where the file will lie, for the commands in its head.
    """
    import jinja2

    entries = [entry_lines(found, name) for name, found in cohorts.items()]
    claims = _claims(analyte)
    marks = sum(MARK in line for lines in [*entries, claims] for line in lines)
    template = resources.files(__package__).joinpath("study.yaml.j2").read_text("utf-8")
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - YAML, no page
    tables = dict.fromkeys(name for found in cohorts.values() for name in _files(found))
    head = comment(f"{study}: written by `igfmood init` from {', '.join(tables)}.", 0)
    substance = ANALYTES[analyte].entry
    return environment.from_string(template).render(
        head=head, title_scalar=scalar(study), study=study, path=path,
        data_root=scalar(data_root), claims=claims, cohorts=entries, marks=_counted(marks),
        analyte=["analyte:", *mapping(substance, (), 2, {})] if substance else [],
    )  # fmt: skip


def _files(found: Recognised) -> Sequence[str]:
    return [found.table, *(part.table for part in found.joins)]


def _claims(analyte: str) -> list[str]:
    lines = [f"claims: {CLAIMS} # what is put to the test, fixed before the data are read"]
    if analyte != "igf1":
        label = ANALYTES[analyte].label
        text = f"These claims speak of IGF-1: name a file with claims about {label}"
        return [*question(Question(text), 0), *lines]
    if not Path(CLAIMS).is_file():
        text = f"There is no {CLAIMS} here: name the file with the claims (igfmood brings one)"
        return [*question(Question(text), 0), *lines]
    return lines


def _counted(n: int) -> str:
    return "" if n == 0 else "1 guess" if n == 1 else f"{n} guesses"
