"""`make accuracy`: how close to the truth the product is, on recordings and in simulated stores, beside what others do."""
