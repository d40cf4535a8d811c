"""A model in words, for those who read no YAML: one page of Markdown, in English and Chinese."""
