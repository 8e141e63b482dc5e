"""Desk to desk over the station's own network: discovery, proof, and lines that move in milliseconds (ADR 0013)."""
