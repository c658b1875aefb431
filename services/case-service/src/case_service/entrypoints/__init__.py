"""Where work comes in: topics, the change stream, HTTP."""
