"""Recipes: what analysts compute of answers. Pure functions on DataFrames as `Footfall` returns them; `footfall.analysis` has them all."""
