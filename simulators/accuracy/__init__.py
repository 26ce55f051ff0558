"""How close to the truth is what is stored: recordings and simulated stores through agent core and fold, and their figures."""
