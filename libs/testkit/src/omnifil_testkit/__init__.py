"""pytest plugin: real Kafka and MongoDB for tests, and builders of records."""
