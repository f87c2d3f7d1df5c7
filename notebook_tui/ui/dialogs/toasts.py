"""Toasts that do not pile up: of the same words there is one, and one of keys that do nothing, whichever they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.notifications import Notification, Notify


@dataclass
class OfUnknownKey(Notification):
    """Says that a key does nothing."""


def tell_of_unknown_key(app: App[Any], text: str) -> None:
    app.post_message(Notify(OfUnknownKey(text, timeout=app.NOTIFICATION_TIMEOUT)))


class SingleToasts(App[None]):
    """Part of an app. A toast takes the place of those that say the same, also where all of them waited in a queue."""

    def on_notify(self, event: Notify) -> None:
        # Before Textual's own, which shows it.
        new = event.notification
        for shown in list(self._notifications):
            if shown.message == new.message or (isinstance(new, OfUnknownKey) and isinstance(shown, OfUnknownKey)):
                self._unnotify(shown)
