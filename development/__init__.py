"""The developer's tools behind dev.py: standard library only, because they run before anything is installed."""
