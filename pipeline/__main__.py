"""`python -m pipeline`: the command line, for whoever has no `bulletin` on the path."""

from pipeline.cli import main

main()
