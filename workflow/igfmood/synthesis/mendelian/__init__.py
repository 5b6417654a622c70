"""Mendelian randomisation from published summary tables of two genome-wide studies."""
