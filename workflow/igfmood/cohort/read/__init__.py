"""Reading a cohort's tables as they stand.

Takes paths and the columns that are needed; gives every row as text, with its number, and marks
rows whose number of fields is wrong. Nothing is interpreted here.
"""

from igfmood.cohort.read.files import header, read_head, read_table
from igfmood.cohort.read.join import read_cohort
from igfmood.cohort.read.paths import table_path

__all__ = ["header", "read_cohort", "read_head", "read_table", "table_path"]
