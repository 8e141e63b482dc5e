"""The register's commands, one function each; `register.__main__` joins them to their arguments."""
