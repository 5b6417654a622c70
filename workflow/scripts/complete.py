"""Report, results and verdicts in; the closing word out, unless a cohort failed."""

from pathlib import Path

from igfmood.evidence.closing import check_complete, closing_lines
from igfmood.jobs import logged

with logged(snakemake.log[0]):
    found = snakemake.input
    check_complete(found.results)
    lines = closing_lines(found.report, found.verdicts, found.results)
    Path(snakemake.output[0]).write_text("\n".join(lines) + "\n", encoding="utf-8")
