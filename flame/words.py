"""Numbers and their nouns, for sentences that a person reads."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """
    >>> counted(1, "call"), counted(1200, "call")
    ('1 call', '1,200 calls')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def calls_wait(count: int) -> str:
    """
    >>> calls_wait(1), calls_wait(3)
    ('1 call waits', '3 calls wait')
    """
    return f"{counted(count, 'call')} {'waits' if count == 1 else 'wait'}"


def amount(number: float) -> str:
    """With one decimal where it has any.

    >>> amount(3590), amount(0.52), amount(3599.96)
    ('3,590', '0.5', '3,600')
    """
    return f"{number:,.1f}".removesuffix(".0")


def dollars(usd: float) -> str:
    """Cents, or as many digits as show what is less than a dollar.

    >>> dollars(1234.5), dollars(0.00305), dollars(0)
    ('$1,234.50', '$0.0031', '$0.00')
    """
    return f"${usd:,.2f}" if usd >= 1 or not usd else f"${usd:.4f}"
