"""Two writers at once: one of them is told."""

import time
from concurrent.futures import ThreadPoolExecutor

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import AGENTS, NETWORK, Client, rules, world

MESSAGE = (
    "A conflict occurred that prevented the operation from completing. The operation failed because the Key Vault "
    "'kv-open' changed from the point the operation began. This can happen if parallel operations are being performed "
    "on the Key Vault. To prevent this error, serialize the operations so that only one operation is performed on the "
    "Key Vault at a time. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147741"
)


def hold(sandbox: Sandbox, key: str, seconds: float) -> None:
    """As if a write that holds on to `key` were under way."""
    with sandbox.edit() as state:
        state["writing"][key] = time.time() + seconds


def write(sandbox: Sandbox, number: int) -> int:
    client = Client(sandbox)
    with client.session:
        return client.patch("kv-open", rules(f"191.10.2{number}.0/24")).status_code


def test_a_vault_that_is_being_written(sandbox: Sandbox, client: Client):
    hold(sandbox, "vault/kv-open", 60)
    assert client.error(client.patch("kv-open", {})) == (409, "ConflictError", MESSAGE)
    assert client.patch("kv-closed", {}).status_code == 200
    assert client.get("/subscriptions").status_code == 200


def test_a_network_that_a_vault_s_rules_share(sandbox: Sandbox, client: Client):
    hold(sandbox, NETWORK.lower(), 60)
    assert client.error(client.patch("kv-open", rules(subnets=[AGENTS])))[:2] == (409, "ConflictError")
    assert client.error(client.patch("kv-agents", rules()))[:2] == (409, "ConflictError")
    assert client.patch("kv-open", rules("191.10.21.0/24")).status_code == 200


def test_the_claim_of_a_killed_writer_lapses(sandbox: Sandbox, client: Client):
    hold(sandbox, "vault/kv-open", -1)
    assert client.patch("kv-open", {}).status_code == 200


def test_two_processes_on_one_folder(tmp_path):
    slow = world(settings={"writeSeconds": 0.5})
    with serve(slow, state=tmp_path) as one, serve(slow, state=tmp_path) as other, ThreadPoolExecutor() as pool:
        assert sorted(pool.map(write, (one, other), (1, 2))) == [200, 409]
        assert one.state == other.state
        assert one.state["writing"] == {}


def test_one_write_after_the_other(sandbox: Sandbox):
    assert [write(sandbox, number) for number in range(5)] == [200] * 5


def test_a_refused_write_holds_on_to_nothing(sandbox: Sandbox, client: Client):
    assert client.error(client.patch("kv-open", rules("10.0.0.0/8")))[0] == 400
    assert sandbox.state["writing"] == {}
