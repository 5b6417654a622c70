"""The blind run: its results, flows, configuration and the claims in; figures and report out."""

from pathlib import Path

from igfmood.jobs import logged
from igfmood.report.blind import BlindInputs, write_blind

with logged(snakemake.log[0]):
    found = snakemake.input
    inputs = BlindInputs(
        Path(found.results), Path(found.flows), Path(found.config), Path(found.claims)
    )
    figures = Path(snakemake.output.figures[0]).parent
    write_blind(inputs, figures, Path(snakemake.output.report))
