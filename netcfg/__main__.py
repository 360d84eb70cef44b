"""`python -m netcfg` is the command `netcfg`."""

from netcfg.cli.main import main

if __name__ == "__main__":
    main()
