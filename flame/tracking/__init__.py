"""Results that stay on the node that made them, and travel as references.

ref.py        RemoteRef, the handle: it pickles, is asked, and is garbage one day
keeping.py    `keep`, `tracked`, `refs_in`: what pools and users call
splitting.py  which parts of a result go and which stay, by `sizes.py` and `measured.py`
keeper.py     the process that holds the values of a node
counting.py   who holds a reference, as pure values: distributed garbage collection
"""

from flame.tracking.errors import CannotFetch, RefLost, RefTimeout
from flame.tracking.keeping import Released, Result, keep, refs_in, tracked
from flame.tracking.ref import RemoteRef

__all__ = [
    "CannotFetch",
    "RefLost",
    "RefTimeout",
    "Released",
    "RemoteRef",
    "Result",
    "keep",
    "refs_in",
    "tracked",
]
