"""What the comparison of the two folds is made of."""
