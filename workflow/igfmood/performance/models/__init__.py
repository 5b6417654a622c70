"""Models that predict, one a module: from predictors to a risk."""
