"""Notebooks for coding agents, by the Model Context Protocol (docs/mcp.md)."""
