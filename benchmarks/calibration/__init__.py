"""Small invented worlds in which the true value of every estimand is known."""
