"""Models that leave the study: built from everybody, written as numbers, applied elsewhere."""
