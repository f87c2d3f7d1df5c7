"""Changes on their way are as few as do what all of them would have done, however many there were."""

from __future__ import annotations

import pickle

import beamlike as bl
from notebook_tui.widgets.changes import Rendered, TextAppended
from notebook_tui.widgets.messages import Changed
from notebook_tui.widgets.pending_changes import Changes, PendingChanges
from notebook_tui.widgets.views import Frame, Text, TextStream


def written(text: str) -> Changed:
    return Changed("s", TextAppended(text), TextStream("s"))


def test_what_was_sent_takes_more_until_it_is_taken() -> None:
    changes = Changes()
    assert all(changes.add(written("x")) for _ in range(1_000))
    (one,) = changes.take()
    assert one.change == TextAppended("x" * 1_000)
    assert not changes.add(written("late"))
    assert changes.take() == (one,)


def test_what_leaves_for_another_node_takes_no_more_and_is_the_same_each_time() -> None:
    changes = Changes()
    changes.add(written("a"))
    first, second = (pickle.loads(pickle.dumps(changes)).take() for _ in range(2))
    assert first == second == changes.take()
    assert not changes.add(written("late"))


def test_all_servers_of_what_a_frame_has_held_come_along() -> None:
    pids = [bl.Pid("n@h", number) for number in range(2)]
    pending = PendingChanges()
    for number, pid in enumerate(pids):
        content = (Text("stdout", str(number)),)
        pending.add(Changed("f", Rendered(content), Frame("f"), ((f"w{number}", pid),)))
    (one,) = pending.take()
    assert one.change == Rendered((Text("stdout", "1"),))
    assert one.servers == (("w0", pids[0]), ("w1", pids[1]))
