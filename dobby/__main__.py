"""`python -m dobby`."""

from dobby.cli import main

main()
