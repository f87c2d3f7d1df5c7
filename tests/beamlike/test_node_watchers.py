"""Who hears of nodes, as a table: held against a plain list of calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beamlike.kernel.node_watchers import NodeWatchers
from beamlike.kernel.terms import Pid

KEYS = ("a@h", "b@h", "all")
PIDS = tuple(Pid("n@h", number) for number in range(3))
CALLS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["add", "remove", "remove_all"]), st.sampled_from(KEYS), st.sampled_from(PIDS)),
        st.tuples(st.just("ends"), st.just(""), st.sampled_from(PIDS)),
    )
)


@given(CALLS)
def test_each_is_told_as_often_as_it_watches(calls: list[tuple[str, str, Pid]]) -> None:
    watchers, watches = NodeWatchers(), list[tuple[str, Pid]]()
    for call, key, pid in calls:
        match call:
            case "add":
                watchers.add(key, pid)
                watches.append((key, pid))
            case "remove":
                watchers.remove(key, pid)
                if (key, pid) in watches:
                    watches.remove((key, pid))
            case "remove_all":
                watchers.remove_all(pid, key)
                watches = [watch for watch in watches if watch != (key, pid)]
            case "ends":
                watchers.remove_all(pid)
                watches = [watch for watch in watches if watch[1] != pid]
        for at in KEYS:
            assert sorted(pid.id for pid in watchers.of(at)) == sorted(pid.id for one, pid in watches if one == at)
        assert len(watchers) == len(watches)
