"""`python -m dewstack.cli`, what the wrapper runs."""

from dewstack.cli import main

if __name__ == "__main__":
    main()
