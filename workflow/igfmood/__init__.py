"""Serum IGF-1 as a biomarker of depression or bipolar disorder: the package behind it."""

__version__ = "0.1.0"
