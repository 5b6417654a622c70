"""Published studies as a layer of their own, beside the study's cohorts."""
