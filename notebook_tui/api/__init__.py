"""The operations of a session for programs: a protocol of JSON lines over a local socket (docs/api.md)."""
