"""What may leave the study: tables as a workbook, results as rows, their codebook, a crate."""
