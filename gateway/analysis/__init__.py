"""Answers as pandas DataFrames, and recipes on them. `footfall.analysis` is its public door."""
