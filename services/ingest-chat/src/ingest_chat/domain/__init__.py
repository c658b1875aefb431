"""What a chat is: accounts, visitors, entries, images. Pure: no clock, no I/O."""
