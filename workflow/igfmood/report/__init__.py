"""Figures, tables and the one-file HTML report; computes nothing."""
