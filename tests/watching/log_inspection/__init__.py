"""What the services' logs may not hold, worked out from the records, and the search for it."""
