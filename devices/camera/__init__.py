"""Cameras: captured, recorded, watched. Knows nothing of the rest of the house and could leave it (ADR 0020)."""
