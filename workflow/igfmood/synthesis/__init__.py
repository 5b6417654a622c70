"""Estimates across cohorts: random-effects meta-analysis."""
