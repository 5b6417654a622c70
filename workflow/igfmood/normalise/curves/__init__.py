"""Reference curves by age and sex: published, fitted (BCCG with P-splines) or in age bands."""
