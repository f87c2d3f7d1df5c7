"""`bl.finding`: the ways in which a node finds the others of its cluster, for `bl.Node(join=...)` and `node.join`."""

from beamlike.distribution.finding.candidates import Candidate
from beamlike.distribution.finding.dns import DNS, SRV, FlyMachines
from beamlike.distribution.finding.found import Found
from beamlike.distribution.finding.kubernetes_pods import KubernetesPods
from beamlike.distribution.finding.local_directory import LocalDirectory
from beamlike.distribution.finding.static import Static
from beamlike.distribution.finding.strategy import CannotFind, Strategy

__all__ = [
    "DNS",
    "SRV",
    "Candidate",
    "CannotFind",
    "FlyMachines",
    "Found",
    "KubernetesPods",
    "LocalDirectory",
    "Static",
    "Strategy",
]
