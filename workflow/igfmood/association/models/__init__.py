"""Regression models: a design matrix and an outcome in, coefficients and their covariance out."""
