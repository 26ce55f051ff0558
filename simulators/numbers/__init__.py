"""`make numbers`: questions whose right answers are worked out from the truth of a simulated chain, asked of every database.

Nothing here but `ask.py` knows `gateway.query`: what is right is reckoned event by event, in plain Python.
"""
