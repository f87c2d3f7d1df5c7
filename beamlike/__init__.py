"""An Erlang-like node layer on asyncio.

>>> import asyncio
>>> import beamlike as bl
>>> async def echo():
...     sender, message = await bl.receive()
...     bl.send(sender, message.upper())
>>> async def main():
...     async with bl.Node("docs@127.0.0.1"):
...         pid = bl.spawn_link(echo)
...         bl.send(pid, (bl.self(), "hello"))
...         return await bl.receive(timeout=5)
>>> asyncio.run(main())
'HELLO'
"""
