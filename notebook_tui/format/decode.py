"""A file's bytes as text, or the words why they are none."""

from __future__ import annotations


class NotANotebook(Exception):
    """The file holds no text. Every text is a notebook."""


def decode(data: bytes) -> str:
    """The text of a notebook file; a byte order mark in front is dropped. Raises `NotANotebook`.

    >>> decode(b"# Caf\\xc3\\xa9\\n")
    '# Café\\n'
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        found = f"byte 0x{data[fault.start]:02x} at offset {fault.start}"
        raise NotANotebook(f"expected UTF-8 text, found {found}; convert the file to UTF-8 first") from None
    if "\0" in text:
        offset = data.index(0)
        raise NotANotebook(f"expected UTF-8 text, found a NUL byte at offset {offset}: this is a binary file")
    return text
