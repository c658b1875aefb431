"""Records on Kafka: batch consumers that lose nothing, the idempotent producer, dead letters."""
