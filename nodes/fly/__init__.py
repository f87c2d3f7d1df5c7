"""Machines on Fly: the backend `nodes.Fly`, and what it is made of. docs/fly.md tells how to use it.

options, sizes      what the user says, and what Fly has
create_body         the request that makes a machine            pure
refusals            what an answer that is no success means     pure
machine_state       how a machine is, from what is shown of it  pure
token_bucket        how often Fly may be asked
api, connections    the requests
creating, stopping  one machine for one invitation, and its end, however the requests end
watching            how it is, from one request at a time
room                where there was none lately
warm_tier           machines that are made beforehand
flyctl_proxy        the way in for a program that is outside of the private network
census              all that are there, for `beamlike flame ps`
"""
