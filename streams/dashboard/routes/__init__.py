"""The routes of /api, a file for each subject; all but logging in take `Asking`, who asks."""
