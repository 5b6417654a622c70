"""Smallest sizes: of what is estimated, and of what may leave the study.

Takes the mappings under ``gates:`` and ``disclosure:``; gives frozen, checked models with their
defaults.
"""

from pydantic import Field

from igfmood.config.base import Strict


class Gates(Strict):
    """Below these sizes a number is not estimated, and the report says so."""

    reference_people: int = Field(30, ge=10, description="People behind a reference curve")
    group_size: int = Field(10, ge=3, description="People in each group of a contrast")
    within_batch: float = Field(
        0.5, ge=0, lt=1,
        description="Share of a contrast that must lie within batches of the assay (1 − R² of "
        "group on batch); below it the batch is confounded with the diagnosis",
    )  # fmt: skip
    predicted_within_batch: float = Field(
        0.9,
        ge=0,
        lt=1,
        description="The same share where the contrast is to be predicted: what the correction of "
        "batches gets wrong is shared by training and test people, and looks like prediction",
    )
    class_size: int = Field(20, ge=10, description="Cases, and controls, for a prediction model")


class Disclosure(Strict):
    """What may leave the study."""

    min_cell: int = Field(10, ge=3, description="Counts below this are suppressed in the report")
