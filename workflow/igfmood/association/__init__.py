"""Estimates within one cohort: contrasts and slopes, adjusted."""
