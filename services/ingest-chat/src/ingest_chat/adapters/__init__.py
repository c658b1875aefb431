"""MongoDB, Kafka and signed tokens: the only code here that knows them."""
