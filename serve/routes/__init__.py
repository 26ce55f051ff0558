"""The routes of `footfall serve`, one module for each resource. Each has `routes(services) -> list of routes, or a router`.

`serve/access_table.py` has who may ask them.
"""
