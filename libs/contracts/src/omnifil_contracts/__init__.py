"""The public contract of Omnifil: records, topics and their schemas; no input or output."""
