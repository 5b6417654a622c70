"""Configuration and claims in; the same with every default written out, as YAML, out."""

from pathlib import Path

import yaml

from igfmood.config.load import load_claims
from igfmood.files import write_text
from igfmood.jobs import logged


def write(content: object, path: str) -> None:
    """Write content as YAML in the order in which it stands."""
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    write_text(text, path)


with logged(snakemake.log[0]):
    write(snakemake.params.study, snakemake.output.config)
    claims = load_claims(Path(snakemake.input.claims))
    write(claims.model_dump(mode="json"), snakemake.output.claims)
