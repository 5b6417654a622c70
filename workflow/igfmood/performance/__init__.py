"""IGF-1 as a test: resampling, discrimination and calibration."""
