"""A day of orders on this machine: the deployed stack between the twins, watched from outside."""
