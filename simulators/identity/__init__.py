"""`make identity`: a brand whose truth about who is who is known, a slow oracle of the rules, and the product held to both."""
