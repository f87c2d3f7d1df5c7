"""A line of text names a backend with its options, and what is wrong with it is said in words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodes
from nodes import parent
from nodes.fly.backend import Fly
from nodes.kubernetes.backend import Kubernetes
from nodes.places import HOME
from nodes.spec_text import Option, read, written
from notebook_tui.session.booted import Booted
from notebook_tui.session.runtime_kinds import KINDS, runtime_of
from tests.test_guides import programs, text_of
from tests.test_readme import run

ROOT = Path(__file__).parents[2]
OPTIONS = (Option("app", "App"), Option("image", "Image"), Option("env", "Environment"))


@pytest.fixture
def token_of_fly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLY_API_TOKEN", "fm2_secret")


def test_a_spec_of_kubernetes_says_what_pods_are_like(tmp_path: Path) -> None:
    template = tmp_path / "pod.yaml"
    template.write_text("spec: {nodeSelector: {zone: a}, containers: [{name: runner}]}\n")
    spec = (
        "k8s:ml?image=reg/x:1&context=lab&cpu=500m&memory=2Gi&gpu=1&home=my-claim&env=MODE=fast,N=2&secrets=db,HF_TOKEN=hub/token,keys"
        f"&service_account=pools&user=1000&template={template}"
    )
    backend = nodes.backend_of(spec)
    assert isinstance(backend, Kubernetes)
    options = backend.options
    assert (options.namespace, options.image, options.context) == ("ml", "reg/x:1", "lab")
    assert (options.cpu, options.memory, options.gpu, options.run_as_user) == ("500m", "2Gi", 1, 1000)
    assert options.volumes == {"my-claim": HOME}
    assert options.env == {"HOME": HOME, "MODE": "fast", "N": "2"}
    assert list(options.env_from) == ["db", "keys"]
    assert options.secrets == {"HF_TOKEN": "hub/token"}
    assert options.service_account == "pools"
    assert isinstance(options.template, dict)
    pod = options.template["spec"]
    assert (pod["automountServiceAccountToken"], pod["nodeSelector"]) == (True, {"zone": "a"})


@pytest.mark.usefixtures("token_of_fly")
def test_a_spec_of_fly_says_what_machines_are_like() -> None:
    backend = nodes.backend_of(
        "fly:my-app?image=registry.fly.io/my-app:v1&region=fra,ams&size=performance-2x&memory=8192&home=data&env=A=1"
    )
    assert isinstance(backend, Fly)
    settings = backend._settings
    assert (settings.app, settings.image) == ("my-app", "registry.fly.io/my-app:v1")
    assert [str(each) for each in settings.placements] == [
        "performance-2x with 8192 MB in fra",
        "performance-2x with 8192 MB in ams",
    ]
    assert (settings.volume, settings.volume_path) == ("data", HOME)
    assert dict(settings.env) == {"HOME": HOME, "A": "1"}


@pytest.mark.usefixtures("token_of_fly")
@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "expected local, fly:APP or k8s:NAMESPACE, got "),
        ("fly", "fly: app: expected the name of your app on Fly; it is empty"),
        ("fly:my-app?size=huge&image=i", "fly:my-app?size=huge&image=i: expected a size of Fly's"),
        ("fly:my-app", "expected image= as an image with beamlike in it"),
        ("fly:my-app?memory=lots", "memory: expected megabytes, such as 1024; got lots"),
        ("fly:my-app?secrets=db", "secrets: all secrets of the app are in the environment"),
        ("k8s:ml?size=big", "found size; size: say cpu= and memory="),
        ("k8s:ml?template=/no/such.yaml", "the template /no/such.yaml cannot be read"),
        ("k8s:ml?env=A", "env: expected what is no secret, as NAME=VALUE,NAME=VALUE; got A"),
        ("k8s:ml?secrets=HF_TOKEN=swordfish", "secrets: expected Secrets whose keys become variables"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(spec: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLY_IMAGE_REF", raising=False)
    with pytest.raises(nodes.SpecError) as refusal:
        nodes.backend_of(spec)
    assert words in str(refusal.value)


@given(st.dictionaries(st.sampled_from(["image", "env"]), st.text(min_size=1).map(str.strip).filter(bool)), st.text())
def test_whatever_a_form_holds_is_read_back_from_its_spec(values: dict[str, str], app: str) -> None:
    app = app.strip().replace("?", "")
    assert read(written("fly", OPTIONS, {"app": app, **values}), OPTIONS) == {"app": app, **values}


@pytest.mark.parametrize(
    ("spec", "module", "extra"), [("fly:my-app?image=i", "httpx", "fly"), ("k8s:ml", "kubernetes", "kubernetes")]
)
@pytest.mark.usefixtures("token_of_fly")
def test_a_package_that_is_missing_is_named_with_what_installs_it(spec: str, module: str, extra: str) -> None:
    program = (
        "import importlib.util as u, sys\n"
        "found = u.find_spec\n"
        f"u.find_spec = lambda name, *rest: None if name == {module!r} else found(name, *rest)\n"
        f"import nodes\ntry: nodes.backend_of({spec!r})\nexcept nodes.SpecError as error: print(error)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert f"pip install 'beamlike[{extra}]'" in ended.stdout, ended.stderr


@pytest.mark.usefixtures("token_of_fly")
@pytest.mark.parametrize("spec", ["k8s:ml?image=i", "fly:my-app?image=i"])
def test_a_runtime_has_the_limits_of_its_spec_and_with_a_home_is_alone(spec: str) -> None:
    plain, other = runtime_of(spec), runtime_of(f"{spec}&home=data&idle=none&lifetime=8h")
    assert isinstance(plain, Booted)
    assert isinstance(other, Booted)
    assert (plain.alone, plain.idle_limit, plain.lifetime, plain.directory) == (False, 1800.0, None, None)
    assert (other.alone, other.idle_limit, other.lifetime, other.directory) == (True, None, 28_800.0, HOME)


# Where nothing is said.


@pytest.fixture
def booted_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def booted(platform: str) -> None:
        here = parent.Parent("app@h", "", "", 0.0, None, platform)
        monkeypatch.setattr(parent, "_parent", here)

    return booted


def test_a_node_of_fly_boots_machines_like_its_own_if_its_app_has_a_token(
    booted_on: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    booted_on("fly")
    monkeypatch.setenv("FLY_APP_NAME", "my-app")
    monkeypatch.setenv("FLY_IMAGE_REF", "registry.fly.io/my-app:v7")
    monkeypatch.setenv("FLY_REGION", "fra")
    monkeypatch.delenv("FLY_API_TOKEN", raising=False)
    with pytest.raises(nodes.SpecError, match="fly secrets set FLY_API_TOKEN"):
        nodes.default_backend()
    monkeypatch.setenv("FLY_API_TOKEN", "fm2_secret")
    backend = nodes.default_backend()
    assert isinstance(backend, Fly)
    assert (backend._settings.app, backend._settings.image) == ("my-app", "registry.fly.io/my-app:v7")
    assert "fm2_secret" not in repr(backend)


def test_a_node_in_a_pod_boots_pods_if_it_has_an_account(
    booted_on: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    booted_on("k8s")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(nodes.SpecError, match="service_account=, an account that may make pods"):
        nodes.default_backend()
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("{}")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    assert isinstance(nodes.default_backend(), Kubernetes)


def test_any_other_node_boots_processes(booted_on: Callable[[str], None]) -> None:
    assert isinstance(nodes.default_backend(), nodes.Local)
    booted_on("")
    assert isinstance(nodes.default_backend(), nodes.Local)


# The guide.


def test_the_guide_names_every_option_and_its_program_prints_what_stands_under_it(tmp_path: Path) -> None:
    text = text_of("runtimes.md")
    options = {option.name for kind in KINDS.values() for option in kind.fields[1:]}
    assert {name for name in options if f"`{name}`" not in text} == set()
    (program,) = programs("runtimes.md")
    assert run(program.code, tmp_path) == program.output.splitlines()
