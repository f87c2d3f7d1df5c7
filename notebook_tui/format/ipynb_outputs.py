"""Outputs as `.ipynb` has them, and back.

Each kind has its natural form there. What that form does not say goes beside it: `remainder` is what an `.ipynb` said
of an output that the output itself cannot hold, and `kept_outputs.item` what our output says that the form cannot.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from notebook_tui.document.outputs import Display, Error, Exported, Result, Still, Text
from notebook_tui.format.kept_outputs import decoded, item, restored
from notebook_tui.format.plain_text import read_back, shown, without_escapes

_MISSING = "missing"


def to_json(output: Still, count: int | None = None) -> dict[str, Any]:
    """The natural form of the output of the cell that ran as number `count`.

    >>> to_json(Result("2"), 1)["data"]
    {'text/plain': '2'}
    """
    match output:
        case Text(stream, text):
            return {"output_type": "stream", "name": stream, "text": text}
        case Result(text):
            data = {"text/plain": text}
            return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": count}
        case Error():
            lines = [*filter(None, [output.traceback.removesuffix("\n")]), f"{output.type}: {output.message}"]
            lines = [line for part in lines for line in part.split("\n")]
            return {"output_type": "error", "ename": output.type, "evalue": output.message, "traceback": lines}
        case Exported():
            return {"output_type": "display_data", "data": {"text/plain": output.text}, "metadata": {}}
        case Display(forms):
            data = {media_type: _to_data(media_type, form) for media_type, form in sorted(forms, key=_media_type)}
            return {"output_type": "display_data", "data": data, "metadata": {}}


def from_json(output: Mapping[str, Any]) -> Still:
    """The output of that form; whatever it is, there is one.

    >>> from_json({"output_type": "stream", "name": "stderr", "text": ["a\\n", "b"]})
    Text(stream='stderr', text='a\\nb')
    """
    match output:
        case {"output_type": "stream", "text": text} if is_text(text):
            return Text("stderr" if output.get("name") == "stderr" else "stdout", joined(text))
        case {"output_type": "error", "ename": str(type), "evalue": str(message), "traceback": traceback}:
            return Error(type, message, _traceback(traceback, f"{type}: {message}"), None)
        case {"output_type": "execute_result", "data": {"text/plain": text, **others}} if not others and is_text(text):
            return Result(joined(text))
        case {"output_type": "execute_result" | "display_data", "data": {**data}} if data:
            forms = ((str(media_type), _from_data(str(media_type), value)) for media_type, value in data.items())
            return Display(tuple(sorted(forms, key=_media_type)))
        case _:
            return Exported("json", json.dumps(output, ensure_ascii=False, sort_keys=True))


def remainder(original: Mapping[str, Any], output: Still, count: int | None) -> dict[str, Any] | None:
    """What `to_json` of the output misses; None if it misses nothing."""
    natural = to_json(output, count)
    said = {key: value for key, value in original.items() if key not in natural or natural[key] != value}
    missing = [key for key in natural if key not in original]
    return {**said, **({_MISSING: missing} if missing else {})} or None


def completed(output: Still, count: int | None, said: object) -> dict[str, Any]:
    """The natural form with that remainder, if the two still belong together."""
    natural = to_json(output, count)
    if not isinstance(said, dict):
        return natural
    missing = said.get(_MISSING)
    lacks = missing if isinstance(missing, list) else []
    complete = {key: value for key, value in natural.items() if key not in lacks}
    complete.update((key, value) for key, value in said.items() if key != _MISSING)
    return complete if from_json(complete) == output else natural


def beside(written: Mapping[str, Any], output: Still) -> Any:
    """What that form does not say of our output; None if it says all."""
    said = from_json(written)
    if said == output:
        return None
    if isinstance(said, Display) and isinstance(output, Display) and dict(said.forms) == dict(output.forms):
        return {"order": [media_type for media_type, _ in output.forms]}
    return whole(output)


def whole(output: Still) -> list[Any]:
    """All of our output, for where there is no form beside."""
    return [*shown(output), item(output)]


def with_ours(output: Mapping[str, Any], count: int | None, said: object) -> Still:
    """Our output of that form and what was said beside it, if the two still belong together."""
    match said:
        case [str(info), str(text), kept]:
            try:
                found = restored(kept, info, text)
            except ValueError:
                return from_json(output)
            return found if to_json(found, count) == output else from_json(output)
        case {"order": [*media_types]}:
            return _ordered(from_json(output), media_types)
        case _:
            return from_json(output)


def _ordered(output: Still, media_types: Sequence[object]) -> Still:
    if not isinstance(output, Display) or {media_type for media_type, _ in output.forms} != {*map(str, media_types)}:
        return output
    return Display(tuple(sorted(output.forms, key=lambda form: media_types.index(form[0]))))


def alone(said: object) -> Still:
    """The output of what `whole` says of it."""
    match said:
        case [str(info), str(text), kept]:
            try:
                return restored(kept, info, text)
            except ValueError:
                return read_back(info, text)
        case _:
            return Exported("json", json.dumps(said, ensure_ascii=False, sort_keys=True))


def normal_data(media_type: str, value: Any) -> Any:
    """The value as `to_json` would write it: of many lines in one piece, base64 without white space."""
    return _to_data(media_type, _from_data(media_type, value))


def joined(text: str | Sequence[str]) -> str:
    """The text, which may come as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def is_text(text: object) -> TypeGuard[str | list[str]]:
    return isinstance(text, str) or (isinstance(text, list) and all(isinstance(line, str) for line in text))


def _traceback(lines: object, last: str) -> str:
    """The frames without the line that says what was raised, which we keep apart."""
    text = "\n".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
    if without_escapes(text) == last:
        return ""
    if without_escapes(text).endswith(f"\n{last}"):
        return "\n".join(text.split("\n")[: -last.count("\n") - 1]) + "\n"
    return text


def _media_type(form: tuple[str, str | bytes]) -> str:
    """By which forms are sorted in an `.ipynb`, where nobody counts on their order."""
    return form[0]


def _to_data(media_type: str, form: str | bytes) -> Any:
    if isinstance(form, str) and _is_json(media_type):
        try:
            return json.loads(form)
        except (ValueError, RecursionError):
            return form
    if isinstance(form, str):
        form = _bytes_or_text(media_type, form)
    return form if isinstance(form, str) else base64.b64encode(form).decode("ascii")


def _from_data(media_type: str, value: Any) -> str | bytes:
    if _is_json(media_type) or not is_text(value):
        return json.dumps(value, ensure_ascii=False)
    return _bytes_or_text(media_type, joined(value))


def _bytes_or_text(media_type: str, text: str) -> str | bytes:
    """What the base64 of a picture or the like stands for; the text itself if it is none."""
    if not _is_binary(media_type):
        return text
    try:
        return decoded("".join(text.split()))
    except ValueError:
        return text


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def _is_binary(media_type: str) -> bool:
    kind = media_type.partition("/")[0]
    return media_type == "application/pdf" or (kind in ("image", "audio", "video") and not media_type.endswith("+xml"))
