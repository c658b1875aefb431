"""Which metrics the services have, and which ones an expression in Prometheus' language asks for."""
