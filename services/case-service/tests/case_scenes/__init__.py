"""What the tests of this service share."""
