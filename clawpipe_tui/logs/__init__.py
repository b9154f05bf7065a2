"""Prediction logs as they lie: which files there are, whether they can be read, how they map to the canonical log."""
