"""Pure: what a mail says, what may be believed of it, and what a reply looks like."""
