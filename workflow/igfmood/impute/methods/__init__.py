"""Models of one variable given the others, each with a draw of its parameters."""
