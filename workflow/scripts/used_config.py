"""The configuration in; the same with every default written out, as YAML, out."""

from pathlib import Path

import yaml

from igfmood.jobs import logged

with logged(snakemake.log[0]):
    text = yaml.safe_dump(snakemake.params.study, sort_keys=False, allow_unicode=True, width=100)
    Path(snakemake.output.config).write_text(text, encoding="utf-8")
