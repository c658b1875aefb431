"""How good it is: simulated months of customers through the real use cases, held against the truth."""
