"""`python -m tieout.cli`, where the `tieout` command is not on the path."""

from tieout.cli.app import main

main()
