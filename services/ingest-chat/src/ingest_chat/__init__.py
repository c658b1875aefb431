"""The chat on the company's site: widget, visitors' WebSocket, replies."""
