"""`python -m notebook_tui` is the `beamlike` command."""

from notebook_tui.cli.main import main

main()
