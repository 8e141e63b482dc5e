"""Synthetic voter lists: whole nations of people who cannot exist, with a key to every trap laid in them.

`writer.synthesise` is the only door to the disk; all else is pure and follows from `plan.Plan` and its seed.
A precinct is generated from its own derived seed and from what `plan` says of the precincts before it, so it
does not change when more precincts are asked for, and memory holds two precincts at a time.
"""
