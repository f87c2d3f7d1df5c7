"""The user's own pod manifest, from which ours is made: read, checked for what we cannot use, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from nodes.kubernetes.options import Template

Json = dict[str, Any]

MAIN: Final = "runner"
"""What the container is called in which the node runs, if the template calls it nothing else."""
_EXPECTED: Final = "expected a template with a pod's metadata and spec, as `kubectl get pod -o yaml` shows it"


class BadTemplate(ValueError):
    """The template is no manifest of a pod, or says nothing of which container the node is to run in."""


def read(template: Template | None) -> Json:
    """The manifest as plain values: of a file of YAML (JSON is a part of it) or of the mapping itself.

    >>> read({"spec": {"containers": [{"name": "runner"}]}})
    {'spec': {'containers': [{'name': 'runner'}]}}
    """
    if template is None:
        return {}
    if isinstance(template, Mapping):
        return checked(template, "the template")
    return checked(_of_file(Path(template)), str(template))


def checked(manifest: object, where: str) -> Json:
    """The manifest, if it can be that of a pod; `where` it is from is named if not."""
    if not isinstance(manifest, Mapping):
        raise BadTemplate(f"{_EXPECTED}; {where} is a {type(manifest).__name__}")
    kind = manifest.get("kind", "Pod")
    if kind != "Pod":
        raise BadTemplate(f"{_EXPECTED}; {where} is a {kind}: of a Deployment or a Job, take spec.template")
    if unknown := sorted(set(manifest) - {"apiVersion", "kind", "metadata", "spec"}):
        raise BadTemplate(f"{_EXPECTED}; {where} has {', '.join(unknown)}")
    for part in ("metadata", "spec"):
        if not isinstance(manifest.get(part, {}), Mapping):
            raise BadTemplate(f"{_EXPECTED}; its {part} in {where} is a {type(manifest[part]).__name__}")
    containers = manifest.get("spec", {}).get("containers", [])
    if not isinstance(containers, list) or not all(isinstance(it, Mapping) and it.get("name") for it in containers):
        raise BadTemplate(f"{_EXPECTED}; spec.containers in {where} is no list of containers with names")
    copy: Json = _copied(manifest)
    return copy


def main_container(template: Json, wanted: str | None) -> str:
    """The name of the container that the node runs in.

    >>> main_container({}, None), main_container({"spec": {"containers": [{"name": "app"}]}}, None)
    ('runner', 'app')
    """
    names = [str(it["name"]) for it in template.get("spec", {}).get("containers", [])]
    if wanted is not None:
        if names and wanted not in names:
            raise BadTemplate(f"expected a container {wanted!r} in the template, found {', '.join(names)}")
        return wanted
    if MAIN in names or not names:
        return MAIN
    if len(names) == 1:
        return names[0]
    raise BadTemplate(
        f"expected to be told which container of the template the node runs in, found {', '.join(names)}: "
        f"say container=..., or call one {MAIN!r}"
    )


def _of_file(path: Path) -> object:
    import yaml

    try:
        documents = [it for it in yaml.safe_load_all(path.read_text("utf-8")) if it is not None]
    except (OSError, UnicodeDecodeError) as error:
        raise BadTemplate(f"the template {path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise BadTemplate(f"the template {path} is no YAML: {error}") from error
    if len(documents) != 1:
        raise BadTemplate(f"{_EXPECTED}; {path} holds {len(documents)} documents")
    return documents[0]


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _copied(it) for name, it in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(it) for it in value]
    return value
