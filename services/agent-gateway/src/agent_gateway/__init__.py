"""The agents' door: snapshot, live stream, commands, and the desktop."""
