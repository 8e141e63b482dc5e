"""Cameras as others than the commission see them: masked, late, rarely, and only where the commission opened them."""
