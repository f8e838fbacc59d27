"""`python -m fake_runway` is `fake-runway`."""

from fake_runway.cli import main

if __name__ == "__main__":
    main()
