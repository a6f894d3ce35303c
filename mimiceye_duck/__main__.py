"""The command line, as `python -m mimiceye_duck`."""

from mimiceye_duck.cli.main import main

if __name__ == "__main__":
    main()
