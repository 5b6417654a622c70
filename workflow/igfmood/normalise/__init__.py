"""IGF-1 made comparable: units, assays and standard deviation scores."""
