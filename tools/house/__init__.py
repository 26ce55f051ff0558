"""The figures of the house: how a tree is laid out, how its rules and words are spread. `python -m tools.house --help`."""
