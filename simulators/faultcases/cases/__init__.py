"""The cases, a module for each group. A module is found because it is here; a case because it is marked with `case`."""
