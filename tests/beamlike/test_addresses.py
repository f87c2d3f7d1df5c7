import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.addresses import is_loopback, one_spelling, split_port


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("app@host", "app@host", None),
        ("app@host:1", "app@host", ("host", 1)),
        ("app@::1", "app@::1", None),
        ("app@[::1]", "app@::1", None),
        ("app@FDAA:0:0::3", "app@fdaa::3", None),
        ("app@[fdaa:0:0:0:0:0:0:3]:80", "app@fdaa::3", ("fdaa::3", 80)),
        ("app@[fe80::2%eth0]:80", "app@fe80::2%eth0", ("fe80::2%eth0", 80)),
        ("app@host:", "app@host:", None),
        ("app@host:http", "app@host:http", None),
    ],
)
def test_a_port_is_cut_off_where_there_is_one(text: str, name: str, address: tuple[str, int] | None) -> None:
    assert split_port(text) == (name, address)


@pytest.mark.parametrize("host", ["10.0.0.1", "0.0.0.0", "::", "fe80::1%eth0", "8.8.8.8"])
def test_addresses_that_others_can_reach_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("port", ["0", "65536", "99999999999999999999"])
def test_a_port_that_there_cannot_be_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match=r"expected a port from 1 to 65535 after the host, got 'app@\[::1\]:"):
        split_port(f"app@[::1]:{port}")


@given(st.ip_addresses(), st.integers(1, 65535))
def test_a_name_is_the_same_with_its_port_and_without(host: object, port: int) -> None:
    name = f"app@{host}"
    written = f"app@[{host}]:{port}" if ":" in str(host) else f"{name}:{port}"
    assert split_port(written) == (name, (str(host), port))
    assert split_port(name) == (name, None)
    assert one_spelling(name) == name
