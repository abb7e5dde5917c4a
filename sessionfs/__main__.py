"""`python -m sessionfs`: the command line."""

from sessionfs.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
