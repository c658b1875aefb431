"""MongoDB and Kafka: the only code of this service that knows them."""
