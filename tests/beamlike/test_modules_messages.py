"""What nodes tell each other of their modules: whatever it is arrives, and whatever is none is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.code.modules import messages
from beamlike.code.modules.messages import (
    Change,
    Data,
    FindModule,
    Folder,
    Found,
    Kind,
    LookAt,
    Missing,
    ModuleFile,
    News,
    Offer,
    Refused,
    SourceFolder,
)
from beamlike.distribution.errors import ProtocolError

TEXTS = st.text(max_size=10)
TUPLES = st.lists(TEXTS, max_size=3).map(tuple)
FOLDERS = st.lists(st.builds(SourceFolder, TEXTS, st.none() | TEXTS, TEXTS), max_size=3).map(tuple)
OFFERS = st.builds(Offer, TUPLES, TUPLES, FOLDERS, st.booleans())
CHANGES = st.builds(Change, TEXTS, TEXTS, st.binary(max_size=12))
NEWS = st.builds(News, st.none() | st.lists(OFFERS, max_size=3).map(tuple), st.lists(CHANGES, max_size=3).map(tuple))
QUESTIONS = st.builds(FindModule, TEXTS, TEXTS) | st.builds(LookAt, TEXTS, TEXTS, TUPLES, st.booleans())
FILES = st.builds(ModuleFile, TEXTS, st.sampled_from(Kind), TEXTS, st.binary(max_size=12), st.binary(max_size=50))
ANSWERS = st.one_of(
    st.builds(Found, st.lists(FILES, max_size=3).map(tuple)),
    st.builds(Missing, TEXTS),
    st.builds(Refused, TEXTS),
    st.builds(Folder, st.lists(st.tuples(TEXTS, st.booleans()), max_size=3).map(tuple)),
    st.builds(Data, st.binary(max_size=50)),
)


@given(NEWS, QUESTIONS, ANSWERS)
def test_whatever_is_told_arrives(news: News, question: messages.Question, answer: messages.Answer) -> None:
    assert messages.decode_news(messages.encode_news(news)) == news
    assert messages.decode_question(messages.encode_question(question)) == question
    assert messages.decode_answer(messages.encode_answer(answer)) == answer


DECODERS = [messages.decode_news, messages.decode_question, messages.decode_answer]


@pytest.mark.parametrize("decode", DECODERS)
@given(data=st.binary(max_size=40) | ANSWERS.map(messages.encode_answer) | NEWS.map(messages.encode_news))
def test_what_is_none_is_refused_as_such(decode: Callable[[bytes], Any], data: bytes) -> None:
    with suppress(ProtocolError):
        decode(data)
