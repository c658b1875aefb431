"""Everybody of case-service's protocol over a simulated Kafka and MongoDB, going on by turns."""
