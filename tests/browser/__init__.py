"""The dashboard as people see it: a real Chromium, a real server, a real worker behind it."""
