import pytest

from beamlike.distribution.addresses import is_loopback, split_port


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("app@host", "app@host", None),
        ("app@host:1", "app@host", ("host", 1)),
        ("app@::1", "app@::1", None),
        ("app@[::1]", "app@[::1]", None),
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
