"""How often the verdicts err: worlds of known truth with the study's own people."""
