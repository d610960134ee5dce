"""What a user reads when something went wrong: errors, places in the source, trimmed tracebacks."""
