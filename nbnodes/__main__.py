"""`python -m nbnodes`."""

from nbnodes.cli.main import program

if __name__ == "__main__":
    program()
