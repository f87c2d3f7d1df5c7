"""Sessions over SSH: a server that gives each connection its own view of the notebooks that a program holds."""
