"""Bytes and times as people read them, in few columns."""

from __future__ import annotations


def size_text(count: int | None) -> str:
    """
    >>> [size_text(each) for each in (None, 900, 2_048, 5_000_000, 3_221_225_472)]
    ['', '900 B', '2.0 kB', '4.8 MB', '3.0 GB']
    """
    if count is None:
        return ""
    if count < 1024:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1024
        if amount < 999.5:
            return f"{amount:.1f} {unit}" if amount < 99.5 else f"{amount:.0f} {unit}"
    return f"{amount:,.0f} TB"


def age_text(seconds: float) -> str:
    """
    >>> age_text(0.2), age_text(75), age_text(7_300), age_text(200_000)
    ('now', '1 min', '2 h 01 min', '2 d')
    """
    if seconds < 1:
        return "now"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes < 48 * 60 else f"{minutes // 1440} d"
