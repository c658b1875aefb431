"""How near the floor the suite is: `make bench`. Five parts, each against the real Kafka, MongoDB and processes."""
