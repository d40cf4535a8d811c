"""The files of the page, as files: what a browser shows of them is in tests/browser."""
