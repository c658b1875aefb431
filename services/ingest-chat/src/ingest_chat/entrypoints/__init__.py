"""HTTP, WebSocket and Kafka: they translate, nothing else."""
