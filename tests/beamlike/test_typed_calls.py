"""Typed calls: what a proxy does, what the type checker says of it, and what happens to errors."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers import system
from beamlike.behaviours.servers.proxy import within
from beamlike.behaviours.servers.server_messages import Invocation, TypedCall, TypedCast
from beamlike.behaviours.servers.typed_calls import call, cast
from beamlike.code.codec import CodeCodec
from beamlike.kernel.question import Client
from tests.support.captured_log import captured_log
from tests.support.codecs import there_and_back
from tests.support.local_nodes import PATIENCE, down_reason, in_node, no_message, received

ROOT = Path(__file__).parents[2]


class Overdrawn(Exception):
    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} are missing")
        self.missing = missing


class Account(bl.GenServer):
    def init(self, balance: int = 0, witness: bl.Pid | None = None) -> None:
        self.balance = balance
        self.witness = witness

    @call
    def add(self, amount: int, *, fee: int = 0) -> int:
        """Pays in."""
        self.balance += amount - fee
        return self.balance

    @call
    async def add_slowly(self, amount: int, seconds: float = 0) -> int:
        await asyncio.sleep(seconds)
        return await self.add(amount)

    @call(raises=Overdrawn)
    def withdraw(self, amount: int) -> int:
        if amount > self.balance:
            raise Overdrawn(amount - self.balance)
        self.balance -= amount
        return self.balance

    @call(raises=(Overdrawn, LookupError))
    async def fail(self, error: Exception) -> None:
        await asyncio.sleep(0)
        raise error

    @call
    async def ask_itself(self) -> int:
        return await Account.at(bl.self()).add(1)

    @cast
    def reset(self, to: int = 0) -> None:
        self.balance = to

    @cast
    async def reset_twice(self) -> None:
        await asyncio.sleep(0)
        self.reset(1)
        self.balance = 2

    def secret(self) -> str:
        return "not for others"

    def handle_call(self, request: Any, client: Client) -> Any:
        return f"untyped {request}"


# What a proxy does.


@in_node
async def test_a_method_is_called_by_its_name_with_its_arguments() -> None:
    account = Account.at(await Account.start_link(10))
    assert await account.add(5) == 15
    assert await account.add(5, fee=1) == 19
    assert await account.add(amount=1) == 20
    assert await account.add_slowly(1) == 21
    await no_message()


@in_node
async def test_a_proxy_knows_its_server_by_pid_by_name_and_by_name_and_node() -> None:
    server = await Account.start_link(name="account")
    proxies = [Account.at(address) for address in (server, "account", ("account", "test@127.0.0.1"))]
    assert [await proxy.add(1) for proxy in proxies] == [1, 2, 3]


@in_node
async def test_typed_and_untyped_requests_of_one_client_are_handled_in_order() -> None:
    server = await Account.start_link(10)
    account = Account.at(server)
    account.reset(5)
    assert await bl.GenServer.call(server, "?") == "untyped ?"
    assert await account.add(1) == 6
    account.reset()
    assert await account.add(1) == 1


@in_node
async def test_arguments_that_do_not_fit_fail_at_once_at_the_sender() -> None:
    account: Any = Account.at(await Account.start_link())
    for arguments, keywords in (((), {}), ((1, 2), {}), ((1,), {"charge": 1}), ((1,), {"amount": 1})):
        with pytest.raises(TypeError, match=r"Account.add\(self, amount: 'int', \*, fee: 'int' = 0\) -> 'int': "):
            account.add(*arguments, **keywords)
    with pytest.raises(TypeError, match="too many positional arguments"):
        account.reset(1, 2)
    assert await account.add(1) == 1


@in_node
async def test_what_fitted_once_says_nothing_of_what_has_another_shape() -> None:
    account: Any = Account.at(await Account.start_link())
    for _ in range(2):
        assert await account.add(1, fee=1) == 0
        assert await account.add(amount=1, fee=1) == 0
        for arguments, keywords in (((1,), {"amount": 1}), ((1, 1), {}), ((), {"fee": 1}), ((1, 1), {"fee": 1})):
            with pytest.raises(TypeError, match=r"Account\.add"):
                account.add(*arguments, **keywords)


@in_node
async def test_a_keyword_that_must_be_given_is_missed_at_the_sender() -> None:
    class Greets(bl.GenServer):
        @call
        def greet(self, name: str, /, greeting: str = "Hello", *names: str, mark: str) -> str:
            return f"{greeting} {name}{mark}"

    greets: Any = Greets.at(await Greets.start_link())
    with pytest.raises(TypeError, match="missing a required argument: 'mark'"):
        greets.greet("Joe")
    assert await greets.greet("Joe", "Hi", "Mike", mark="!") == "Hi Joe!"


@in_node
async def test_a_proxy_has_the_decorated_methods_and_nothing_else() -> None:
    account = Account.at(await Account.start_link())
    for name in ("secret", "balance", "handle_call", "nothing"):
        with pytest.raises(
            AttributeError, match=rf"<Account at Pid<.*>> .* decorated with @call or @cast, and '{name}'"
        ):
            getattr(account, name)
    offered = {name for name in dir(account) if not name.startswith("_")}
    assert offered == {"add", "add_slowly", "ask_itself", "fail", "reset", "reset_twice", "withdraw"}


@in_node
async def test_a_call_that_takes_too_long_names_the_method_and_its_arguments() -> None:
    account = Account.at(await Account.start_link(), timeout=0.001)
    with pytest.raises(bl.CallTimeout, match=r"did not answer add_slowly\(1, seconds=0.05\) within 0.001 s"):
        await account.add_slowly(1, seconds=0.05)
    assert await within(account, PATIENCE).add(1) == 2
    with pytest.raises(bl.CallTimeout):
        await within(within(account, PATIENCE), 0.001).add_slowly(1, 0.02)
    with pytest.raises(TypeError, match="expected a proxy, as `at` makes it"):
        within(Account(), 1)


@in_node
async def test_a_proxy_of_nobody_fails_as_any_call_and_casts_in_vain() -> None:
    account = Account.at("nobody")
    with pytest.raises(bl.CallFailed, match=r"nobody did not answer add\(1\): no such process"):
        await account.add(1)
    account.reset()


@in_node
async def test_a_server_runs_its_own_methods_in_place_and_queues_its_own_casts() -> None:
    server = await Account.start_link()
    account = Account.at(server)
    account.reset_twice()
    assert [await account.add(0), await account.add(0)] == [2, 1]


@in_node
async def test_a_server_that_calls_itself_through_a_proxy_is_told_at_once() -> None:
    account = Account.at(await Account.start())
    with pytest.raises(bl.CallFailed, match="calling_self"):
        await account.ask_itself()


@in_node
async def test_a_subclass_has_the_methods_of_its_base_and_may_override_them() -> None:
    class Generous(Account):
        @call
        def add(self, amount: int, *, fee: int = 0) -> int:
            self.balance += 2 * amount
            return self.balance

    server = await Generous.start_link(10)
    assert await Generous.at(server).withdraw(1) == 9
    assert await Account.at(server).add(1) == 11


# Errors.


@in_node
async def test_a_declared_error_is_raised_in_the_caller_as_its_own_type_and_the_server_goes_on() -> None:
    account = Account.at(await Account.start_link(10))
    with pytest.raises(Overdrawn, match="5 are missing") as caught:
        await account.withdraw(15)
    assert caught.value.missing == 5
    assert "raise Overdrawn(amount - self.balance)" in str(caught.value.__cause__)
    with pytest.raises(KeyError):
        await account.fail(KeyError("a LookupError"))
    assert await account.add(1) == 11


@in_node
async def test_any_other_error_ends_the_server() -> None:
    server = await Account.start()
    ref = bl.monitor(server)
    with pytest.raises(bl.CallFailed, match=r"did not answer fail\(.*it ended: ZeroDivisionError"):
        await Account.at(server).fail(ZeroDivisionError())
    assert (await down_reason(ref)).type == "ZeroDivisionError"


@in_node
async def test_stop_in_a_typed_call_answers_and_ends_the_server() -> None:
    class Leaves(bl.GenServer):
        @call
        def leave(self) -> str:
            raise bl.Stop("asked", reply="bye")

    server = await Leaves.start()
    ref = bl.monitor(server)
    assert await Leaves.at(server).leave() == "bye"
    assert await down_reason(ref) == "asked"


@in_node
async def test_a_method_that_the_server_does_not_have_is_no_harm_to_it() -> None:
    server = await Account.start_link()
    with captured_log("beamlike.gen_server") as records:
        with pytest.raises(bl.CallFailed, match="Account has no typed call 'secret'"):
            await bl.GenServer.call(server, Invocation("secret", (), {}), asking=TypedCall)
        bl.send(server, TypedCast(Invocation("nothing", (1,), {})))
        assert await Account.at(server).add(1) == 1
    assert [record.getMessage() for record in records] == [
        "Account has no typed call or cast secret()",
        "Account has no typed call or cast nothing(1)",
    ]


@pytest.mark.parametrize("decorate", [call, cast])
@pytest.mark.parametrize("arguments", [(5,), ("counter",), ("counter", ("add", 5)), (None, 5), (Account,)])
def test_what_is_no_method_cannot_be_decorated_and_the_way_to_ask_a_server_is_told(
    decorate: Any, arguments: tuple[Any, ...]
) -> None:
    words = f"to decorate, got {', '.join(map(repr, arguments))}; .* use bl.GenServer.call(server, request)"
    with pytest.raises(TypeError, match=re.escape(words).replace(r"\.\*", ".*")):
        decorate(*arguments)


@pytest.mark.parametrize("raises", [5, "Overdrawn", (Overdrawn, 5), BaseException, Overdrawn(1)])
def test_only_exceptions_can_be_declared_to_be_raised(raises: Any) -> None:
    with pytest.raises(TypeError, match="expected raises as an exception class or a tuple of them, got"):
        call(raises=raises)


# What others see.


def test_a_decorated_method_keeps_its_name_its_signature_and_its_words() -> None:
    method: Any = Account.add
    assert (method.__name__, method.__doc__) == ("add", "Pays in.")
    assert str(inspect.signature(method.__wrapped__)) == "(self, amount: 'int', *, fee: 'int' = 0) -> 'int'"


@in_node
async def test_typed_requests_show_in_the_log_of_sys() -> None:
    server = await Account.start_link()
    await system.log(server)
    await Account.at(server).add(1, fee=0)
    Account.at(server).reset()
    events = await system.get_log(server)
    assert [str(event) for event in events] == [
        f"got call add(1, fee=0) from {bl.self()}",
        f"sent 1 to {bl.self()}",
        "got cast reset()",
        "sent no reply",
    ]


@in_node
async def test_a_proxy_may_be_sent_to_others() -> None:
    async def uses(account: Account, witness: bl.Pid) -> None:
        bl.send(witness, await account.add(1))

    account = Account.at(await Account.start_link(), timeout=PATIENCE)
    codec = CodeCodec()
    travelled: Any = there_and_back(codec, account)
    assert repr(travelled) == repr(account)
    bl.spawn_link(uses, travelled, bl.self())
    assert await received(1) == [1]


@in_node
async def test_a_class_with_typed_calls_may_travel() -> None:
    class Local(bl.GenServer):
        @call(raises=Overdrawn)
        def twice(self, number: int) -> int:
            return 2 * number

    codec = CodeCodec()
    travelled: Any = there_and_back(codec, Local)
    server = await travelled.start_link()
    assert await Local.at(server).twice(2) == 4


# What the type checker says.

HEAD = """
from __future__ import annotations
from tests.beamlike.test_typed_calls import Account
from beamlike.behaviours.servers.proxy import within
"""
PROGRAM = """
async def program_{number}() -> None:
    account = Account.at("account", timeout=3)
    {line}
"""
FITS = [
    "total: int = await account.add(5, fee=1)",
    "total: int = await account.add_slowly(5)",
    "total: int = await within(account, 2).withdraw(amount=5)",
    "account.reset()",
    "account.reset_twice()",
]
MISFITS = [
    ('await account.add("5")', 'Argument 1 has incompatible type "str"; expected "int"  [arg-type]'),
    ("await account.add(5, charge=1)", 'Unexpected keyword argument "charge"  [call-arg]'),
    ("await account.withdraw()", "Too few arguments  [call-arg]"),
    ("await account.add_slowly(1, None)", 'Argument 2 has incompatible type "None"; expected "float"  [arg-type]'),
    (
        "text: str = await account.add(5)",
        'Incompatible types in assignment (expression has type "int", variable has type "str")  [assignment]',
    ),
    ("account.add(5)", 'Value of type "Coroutine[Any, Any, int]" must be used  [unused-coroutine]'),
    (
        "await account.reset()",
        'Incompatible types in "await" (actual type "None", expected type "Awaitable[Any]")  [misc]',
    ),
    ('account.reset("x")', 'Argument 1 has incompatible type "str"; expected "int"  [arg-type]'),
    ("await account.nothing()", '"Account" has no attribute "nothing"  [attr-defined]'),
]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy says of each line, as strict as it is here, in a program that uses the Account above."""
    lines = [*FITS, *(line for line, _ in MISFITS)]
    directory = tmp_path_factory.mktemp("mypy")
    path = directory / "snippet.py"
    path.write_text(HEAD + "".join(PROGRAM.format(number=n, line=line) for n, line in enumerate(lines)))
    # A process of its own: mypy sets the recursion limit and the garbage collector of the one that it runs in. With the
    # options and the cache of the project, for what it says of beamlike itself it knows already.
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, cwd=ROOT)
    assert not done.stderr
    text, found = path.read_text().splitlines(), {line: list[str]() for line in lines}
    for number, said in re.findall(r"^.*?:(\d+): (?:error|note): (.*)$", done.stdout, re.MULTILINE):
        found[text[int(number) - 1].strip()].append(said)
    return found


@pytest.mark.parametrize("line", FITS)
def test_what_fits_the_methods_signature_passes_mypy(line: str, complaints: dict[str, list[str]]) -> None:
    assert complaints[line] == []


@pytest.mark.parametrize(("line", "complaint"), MISFITS)
def test_what_does_not_fit_is_told_by_mypy(line: str, complaint: str, complaints: dict[str, list[str]]) -> None:
    assert complaint in complaints[line]
