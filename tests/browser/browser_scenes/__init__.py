"""Chromium, the line it hangs on, and the pages that both sides use."""
