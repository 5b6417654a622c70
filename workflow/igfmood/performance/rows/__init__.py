"""Measures of stored predictions, written into the results: one family of them a module."""
