"""The authority of a run: trusted for its hosts, for a day, and for nothing else."""

import socket
import ssl
import threading
from datetime import timedelta

import pytest
from cryptography import x509

from fake_runway.clock import wall_clock
from fake_runway.intercept.authority import Authority

HOSTS = ("api.example.com", "b.example.com")


@pytest.fixture(scope="module")
def authority() -> Authority:
    """An authority of now."""
    return Authority(HOSTS, wall_clock())


def handshake(server: ssl.SSLContext, trusted: str, name: str) -> None:
    """Connect to a server of that context by a name, trusting one authority.

    Raises:
        ssl.SSLError: the client refuses.
    """
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(ours, server_side=True).close()
        except OSError:
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client = ssl.create_default_context(cadata=trusted)
        with client.wrap_socket(theirs, server_hostname=name):
            return
    finally:
        theirs.close()
        thread.join()


@pytest.mark.parametrize("host", HOSTS)
def test_clients_that_trust_it_accept_its_hosts(authority: Authority, host: str) -> None:
    """By either name."""
    handshake(authority.context(), authority.certificate, host)


def test_another_name_or_another_authority_is_refused(authority: Authority) -> None:
    """Two runs beside each other do not trust each other."""
    with pytest.raises(ssl.SSLError):
        handshake(authority.context(), authority.certificate, "other.example.com")
    another = Authority(HOSTS, wall_clock())
    with pytest.raises(ssl.SSLError):
        handshake(authority.context(), another.certificate, HOSTS[0])


def test_it_cannot_sign_for_the_rest_of_the_world(authority: Authority) -> None:
    """Every client refuses what it would sign for another name: the constraint is critical."""
    ours = x509.load_pem_x509_certificate(authority.certificate.encode())
    constraints = ours.extensions.get_extension_for_class(x509.NameConstraints)

    assert constraints.critical
    assert [each.value for each in constraints.value.permitted_subtrees or ()] == sorted(HOSTS)
    assert ours.not_valid_after_utc - ours.not_valid_before_utc == timedelta(days=1)
    forged = Authority(HOSTS, wall_clock())
    forged._hosts = ["evil.example.net"]
    with pytest.raises(ssl.SSLError):
        handshake(forged.context(), forged.certificate, "evil.example.net")


def test_yesterdays_is_worth_nothing() -> None:
    """Should its certificate have stayed in a store."""
    old = Authority(HOSTS, wall_clock() - 2 * 86_400)
    with pytest.raises(ssl.SSLError, match="expired"):
        handshake(old.context(), old.certificate, HOSTS[0])
