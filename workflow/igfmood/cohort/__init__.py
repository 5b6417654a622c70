"""Raw cohort tables to participants: read, map, score, code, exclude."""
