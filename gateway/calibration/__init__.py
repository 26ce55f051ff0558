"""Finds, from walks with a known truth, what a store's zones are to be set off by: pure, time is an argument."""
