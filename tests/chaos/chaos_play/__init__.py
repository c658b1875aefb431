"""Customers who write, an agent who answers, and somebody who kills processes all the while; then the reckoning."""
