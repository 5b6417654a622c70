"""Report, results and verdicts in; the closing word out, unless a cohort failed."""

from igfmood.evidence.closing import check_complete, closing_lines
from igfmood.files import write_text
from igfmood.jobs import logged
from igfmood.visible import one_line

with logged(snakemake.log[0]):
    found = snakemake.input
    check_complete(found.results, snakemake.params.tables)
    lines = closing_lines(found.report, found.verdicts, found.results)
    told = "\n".join(one_line(line) for line in lines)
    write_text(f"{told}\n", snakemake.output[0])
