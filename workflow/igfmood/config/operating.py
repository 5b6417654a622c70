"""How the error rates of the verdicts are found.

Takes the mapping under ``operating:``; gives a checked model.
"""

from pydantic import Field

from igfmood.config.base import Strict


class Operating(Strict):
    """Worlds of known truth, invented with this study's own people, in which claims are judged."""

    worlds: int = Field(
        10, ge=0, le=10_000,
        description="Invented worlds of each kind (docs/operating.md); 0 for none; 100 for a paper",
    )  # fmt: skip
    effect: float = Field(
        3.0, gt=1,
        description="How large the claimed effect is where the claim is right, in margins",
    )  # fmt: skip
    lot_shift: float = Field(
        0.1, gt=0, le=1,
        description="SD of the log shifts between batches, where these go with the diagnosis",
    )  # fmt: skip
    significant_only: float = Field(
        0.2, ge=0, le=1,
        description="Share of studies without a significant result that are published, where "
        "publication is biased; all others are",
    )  # fmt: skip
    parts: int = Field(
        1, ge=1, le=1000, description="Jobs that share the worlds: more of them on a cluster"
    )
