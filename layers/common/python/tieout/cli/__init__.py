"""The command line: what a person asks of a deployment, and what they decide."""
