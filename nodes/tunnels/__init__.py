"""A child that cannot dial its parent is dialled by it, through tunnels that may break without either noticing.

    node ── link, lanes ──► Carrier ── way ──► tunnel ── way ──► Landing ── link, lanes ──► node
    (parent's process, a thread of its own)                      (child's process, a thread of its own)

Each connection of the two nodes is a `Flow`: bytes in both directions that go over one way after the other. What a way
has lost when it broke goes again over the next one, so the nodes see a silence and no end: links, monitors and calls
under way stay. Only when the lease is over without a way are their connections closed.

The nodes prove the invitation's token to each other, inside TLS, as ever; what is said here only finds the flow. The
parent shows for each way that it holds the token, too, so that nobody else gets as far as the node's own port.
"""
