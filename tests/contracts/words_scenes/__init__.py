"""What the services' sources can say, and the words that the desktop has for it."""
