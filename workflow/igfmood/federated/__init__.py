"""Cohorts that may not share rows of people take part in a synthesis by bundles of aggregates."""
