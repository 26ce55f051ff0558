"""A chain of stores without radio: what agents send of ten weeks, through accept and fold into databases, with the truth beside."""
