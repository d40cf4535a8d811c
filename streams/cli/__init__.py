"""The command line: one file a group of commands, each with `register(app)`.

What a command needs is imported when it runs, so that `valuepulse --help` answers at once.
"""
