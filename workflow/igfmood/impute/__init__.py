"""Missing values: chained equations, and estimates pooled over the completed tables."""
