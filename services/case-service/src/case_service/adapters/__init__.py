"""The only code that knows MongoDB and Kafka."""
