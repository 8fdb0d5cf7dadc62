"""What `jupyter_kernel_test` leaves out of the messaging protocol."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import zmq
from conftest import text
from jupyter_client.manager import KernelManager


def running_cell(kernel, code, marker="started"):
    """Sends a cell and waits until it has printed the marker."""
    msg_id = kernel.send(code)
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        own = message["parent_header"].get("msg_id") == msg_id
        if own and message["msg_type"] == "stream" and marker in message["content"]["text"]:
            return msg_id


def test_kernel_info(kernel):
    msg_id = kernel.client.kernel_info()
    content = kernel.reply(msg_id)["content"]
    assert content["protocol_version"] == "5.4" and content["language_info"]["name"] == "rust"


def test_counts_start_at_one_and_silent_does_not_count(own):
    kernel = own()
    assert kernel.run("1")[0]["execution_count"] == 1
    _, messages = kernel.run("println!(\"x\"); 5", silent=True)
    assert messages == []
    kernel.run("2", store_history=False)
    assert kernel.run("3")[0]["execution_count"] == 2


def test_user_expressions(kernel):
    reply, _ = kernel.run("let x = 20;", user_expressions={"good": "x + 1", "bad": "nothing"})
    assert reply["user_expressions"]["good"]["data"]["text/plain"] == "21"
    assert reply["user_expressions"]["bad"]["status"] == "error"


def test_an_error_aborts_what_is_queued(kernel):
    ids = [kernel.send(code) for code in ['panic!("first")', "1", "2"]]
    statuses = [kernel.reply(msg_id)["content"]["status"] for msg_id in ids]
    assert statuses == ["error", "aborted", "aborted"]
    assert kernel.ok("3") == "3"


def test_without_stop_on_error_the_queue_goes_on(kernel):
    ids = [kernel.send('panic!("first")', stop_on_error=False), kernel.send("1")]
    assert [kernel.reply(msg_id)["content"]["status"] for msg_id in ids] == ["error", "ok"]


@pytest.mark.parametrize("loop", ["loop {}", "loop { std::thread::sleep(std::time::Duration::from_secs(100)); }", "fn f(n: u64) -> u64 { if n == 0 { 0 } else { f(n - 1) + f(n - 1) } } f(90);"])
def test_interrupt_keeps_variables(kernel, loop):
    kernel.ok("let kept = 7;")
    msg_id = running_cell(kernel, f'println!("started"); let lost = kept; {loop}')
    start = time.time()
    kernel.manager.interrupt_kernel()
    content = kernel.reply(msg_id)["content"]
    assert content["status"] == "error" and content["ename"] == "interrupted"
    assert time.time() - start < 2
    assert kernel.ok("kept") == "7"


# Left alone, each would run for more than ten seconds.
@pytest.mark.parametrize(
    "query",
    [
        'numbers.clone().lazy().cross_join(numbers.clone().lazy(), None)'
        '.filter((col("n") * col("n_right") % (col("n") + col("n_right"))).eq(lit(1)))'
        ".select([len()]).collect_with_engine(Engine::Streaming)?",
        'concat((1..20_000i64).map(|n| numbers.clone().lazy().group_by([col("n") % lit(n)])'
        '.agg([col("n").sum().alias("sum")])).collect::<Vec<_>>(), UnionArgs::default())?.select([col("sum").sum()])'
        ".collect()?",
    ],
    ids=["streaming", "in memory"],
)
def test_interrupt_stops_a_polars_query(kernel, query):
    kernel.ok('let numbers = df!("n" => (1..=100_000i64).collect::<Vec<_>>())?; let kept = 7;')
    msg_id = running_cell(kernel, f'println!("started"); {query}')
    time.sleep(0.5)
    kernel.interrupt()
    content = kernel.reply(msg_id)["content"]
    assert content["status"] == "error" and content["ename"] == "interrupted", content
    assert kernel.ok("kept") == "7"


# Each waits in a system call. What comes after it must not happen.
WAITS = [
    "sleep(Duration::from_secs(600));",
    "let nap = |n| std::thread::sleep(Duration::from_secs(n)); nap(600);",
    'std::net::TcpListener::bind("127.0.0.1:0")?.accept()?;',
    'let server = std::net::TcpListener::bind("127.0.0.1:0")?; let mut stream = std::net::TcpStream::connect(server.local_addr()?)?; std::io::Read::read_exact(&mut stream, &mut [0; 8])?;',
    'std::process::Command::new("sleep").arg("600").status()?;',
    'std::process::Command::new("sh").args(["-c", "trap \'\' INT; sleep 600"]).output()?;',
    "tokio::time::sleep(Duration::from_secs(600)).await;",
]


@pytest.mark.parametrize("wait", WAITS)
def test_interrupt_of_what_waits_costs_no_variable(kernel, wait):
    kernel.ok("let kept = 7; let used = vec![1];\nuse std::thread::sleep;\nuse std::time::Duration;")
    msg_id = running_cell(kernel, f'println!("started"); let n = used.len(); {wait} println!("after {{n}}");')
    start = time.time()
    kernel.interrupt()
    content = kernel.reply(msg_id)["content"]
    assert content["ename"] == "interrupted" and time.time() - start < 2, content
    assert "after" not in text(kernel.published(msg_id))
    assert kernel.ok("kept + used.len() as i32") == "8"


def test_an_interrupt_before_the_cell_begins_counts(kernel):
    """At all moments from the request to the first statement: while it is parsed, compiled, loaded."""
    kernel.ok("let kept = 7;")
    for delay in (0, 0.02, 0.05, 0.1, 0.15, 0.2):
        msg_id = kernel.send("loop {}")
        time.sleep(delay)
        # The control channel may be faster than the request: the second one counts then.
        for _ in range(2):
            kernel.interrupt()
            time.sleep(0.1)
        assert kernel.reply(msg_id, timeout=10)["content"]["ename"] == "interrupted"
        assert kernel.ok("kept") == "7"


@pytest.mark.parametrize(
    "endless",
    [
        "let m = std::sync::Mutex::new(1); let a = m.lock().unwrap(); let b = m.lock().unwrap();",
        "let (tx, rx) = std::sync::mpsc::channel::<u8>(); rx.recv()?; tx.send(1)?;",
        "(0u64..).for_each(|n| { std::hint::black_box(n); });",
        "std::thread::scope(|s| { s.spawn(|| (0u64..).map(std::hint::black_box).filter(|_| false).count()); });",
    ],
    ids=["lock", "channel", "iterator", "scope"],
)
def test_a_cell_that_cannot_stop_is_left_and_costs_only_what_it_uses(kernel, endless):
    kernel.ok("let kept = std::rc::Rc::new(7); let spent = vec![1];\nstatic COUNT: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(5);")
    (before,) = [pid for pid, name in children(kernel_pid(kernel)).items() if name == "pfe-runtime"]
    msg_id = running_cell(kernel, f'println!("started"); let n = spent.len(); {endless} n')
    # It is at what cannot stop, and not on the way there.
    time.sleep(0.3)
    start = time.time()
    kernel.interrupt()
    content = kernel.reply(msg_id)["content"]
    assert content["ename"] == "interrupted" and time.time() - start < 2, content
    assert kernel.ok("(*kept, COUNT.load(std::sync::atomic::Ordering::Relaxed))") == "(7, 5)"
    # A thread that ends in time lets the cell end, which then gives all back. What is not given back is named.
    if "scope" in endless and "lost:" not in "\n".join(content["traceback"]):
        assert kernel.ok("spent.len()") == "1"
    else:
        assert "lost: `spent`" in "\n".join(content["traceback"])
        assert "was stopped" in kernel.fails("spent")[1]
    # The process is the same, what it had started does not go on, and later cells stop as ever.
    assert before in children(kernel_pid(kernel))
    ticks = [int(Path(f"/proc/{before}/stat").read_text().rsplit(") ", 1)[1].split()[11]) for _ in range(2) if time.sleep(0.5) is None]
    assert ticks[1] - ticks[0] < 20
    msg_id = running_cell(kernel, 'println!("started"); loop {}')
    kernel.interrupt()
    assert kernel.reply(msg_id)["content"]["ename"] == "interrupted"


def test_a_cell_that_does_not_stop_is_killed_and_says_what_was_lost(kernel):
    kernel.ok("let lost = 7; fn kept() -> i32 { 1 }")
    deaf = 'unsafe extern "C" { fn pthread_sigmask(how: i32, set: *const [u64; 16], old: *mut [u64; 16]) -> i32; }\nunsafe { pthread_sigmask(0, &[u64::MAX; 16], std::ptr::null_mut()) };'
    msg_id = running_cell(kernel, f'{deaf} println!("started"); (0u64..).for_each(|n| {{ std::hint::black_box(n); }});')
    start = time.time()
    kernel.interrupt()
    content = kernel.reply(msg_id, timeout=15)["content"]
    assert content["status"] == "error" and "`lost`" in "\n".join(content["traceback"])
    assert time.time() - start < 2.5
    assert kernel.ok("kept()") == "1"


def test_interrupt_while_compiling(kernel):
    kernel.ok("let kept = 1;")
    code = "let v: Vec<u32> = vec![" + ",".join(f"{n} + kept" for n in range(20_000)) + "]; v.len()"
    msg_id = kernel.send(code)
    time.sleep(0.6)
    kernel.interrupt()
    assert kernel.reply(msg_id, timeout=20)["content"]["status"] == "error"
    assert kernel.ok("kept") == "1"


def test_interrupt_of_an_idle_kernel_does_nothing(kernel):
    kernel.ok("let kept = 1;")
    kernel.interrupt()
    assert kernel.ok("kept") == "1"


def test_input(kernel):
    msg_id = kernel.send('let name = input("who? "); let secret = password("key "); format!("{name} {secret}")', allow_stdin=True)
    for answer, prompt, hidden in [("ana", "who? ", False), ("x y", "key ", True)]:
        request = kernel.client.get_stdin_msg(timeout=30)
        assert request["msg_type"] == "input_request"
        assert request["content"] == {"prompt": prompt, "password": hidden}
        kernel.client.input(answer)
    assert text(kernel.published(msg_id)) == '"ana x y"'


def test_input_where_nobody_can_answer_is_an_error(kernel):
    assert "input" in kernel.fails('input("who?")', allow_stdin=False)[1]


def test_interrupt_while_waiting_for_input(kernel):
    kernel.ok("let kept = 1;")
    msg_id = kernel.send('input("who?")', allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=30)
    kernel.interrupt()
    assert kernel.reply(msg_id)["content"]["status"] == "error"
    assert kernel.ok("kept") == "1"


def test_std_input_is_empty_and_does_not_hang(kernel):
    assert kernel.ok("let mut s = String::new(); std::io::stdin().read_line(&mut s)?") == "0"


def ask(kernel, kind, content=None, channel="shell"):
    message = kernel.client.session.msg(kind, content or {})
    getattr(kernel.client, f"{channel}_channel").send(message)
    reply = kernel.reply(message["header"]["msg_id"], channel)
    assert reply["msg_type"] == kind.replace("_request", "_reply")
    return reply["content"]


def test_comms(kernel):
    session = kernel.client.session
    for kind in ("comm_open", "comm_msg"):
        message = session.msg(kind, {"comm_id": "c1", "target_name": "unknown", "data": {}})
        kernel.client.shell_channel.send(message)
        closed = kernel.published(message["header"]["msg_id"])
        assert [m["msg_type"] for m in closed] == ["comm_close"] and closed[0]["content"]["comm_id"] == "c1"
    msg_id = kernel.client.comm_info()
    assert kernel.reply(msg_id)["content"] == {"status": "ok", "comms": {}}


def test_every_request_is_answered(kernel):
    info = kernel.manager.get_connection_info()
    for channel in ("shell", "control"):
        ports = ask(kernel, "connect_request", channel=channel)
        assert ports["status"] == "ok" and all(ports[f"{it}_port"] == info[f"{it}_port"] for it in ("shell", "iopub", "stdin", "control", "hb"))
        said = ask(kernel, "debug_request", {"type": "request", "seq": 3, "command": "initialize"}, channel)
        assert (said["type"], said["request_seq"], said["command"], said["success"]) == ("response", 3, "initialize", False)
        assert ask(kernel, "create_subshell_request", channel=channel)["status"] == "error"
        assert ask(kernel, "usage_request", channel=channel)["ename"] == "NotSupported"
    assert ask(kernel, "list_subshell_request", channel="control") == {"status": "ok", "subshell_id": []}


def test_inspection_in_detail_shows_the_source(kernel):
    kernel.ok("/// Triples.\nfn triple(x: i32) -> i32 { x + x + x }")
    short, long = (ask(kernel, "inspect_request", {"code": "triple(1)", "cursor_pos": 3, "detail_level": level}) for level in (0, 1))
    assert short["found"] and "x + x + x" not in short["data"]["text/plain"]
    assert "x + x + x" in long["data"]["text/plain"] and "Triples." in long["data"]["text/plain"]


def test_an_unsafe_connection_is_named(tmp_path):
    """An empty key, and a connection file that others can read: the first cell says so, and a safe one says nothing."""
    for key, mode, says in [(b"", 0o644, ["empty key", "chmod 600"]), (b"secret", 0o600, [])]:
        manager = KernelManager(kernel_name="pfe", connection_file=str(tmp_path / f"connection{mode}.json"))
        manager.session.key = key
        manager.write_connection_file()
        os.chmod(manager.connection_file, mode)
        program = subprocess.Popen([*manager.kernel_spec.argv[:-1], manager.connection_file], stderr=subprocess.PIPE, text=True)
        try:
            client = manager.client()
            client.start_channels()
            client.wait_for_ready(timeout=60)
            outputs = []
            client.execute_interactive("1 + 1", timeout=60, output_hook=outputs.append)
            seen = text([m for m in outputs if m["msg_type"] in ("stream", "execute_result")])
            assert "2" in seen and all(part in seen for part in says) and ("warning" in seen) == bool(says), seen
            client.shutdown()
            assert all(part in program.communicate(timeout=20)[1] for part in says)
            client.stop_channels()
        finally:
            program.kill()


def test_completion_and_inspection_answer_while_a_cell_runs(kernel):
    kernel.ok("let orders = vec![1];")
    msg_id = running_cell(kernel, 'println!("started"); std::thread::sleep(std::time::Duration::from_secs(60));')
    completed = kernel.reply(kernel.client.complete("orde", 4), timeout=10)["content"]
    assert "orders" in completed["matches"] and (completed["cursor_start"], completed["cursor_end"]) == (0, 4)
    assert kernel.reply(kernel.client.inspect("orders", 2), timeout=10)["content"]["found"]
    assert kernel.reply(kernel.client.is_complete("let x ="), timeout=5)["content"]["status"] == "incomplete"
    kernel.interrupt()
    kernel.reply(msg_id)


def test_rust_analyzer_completes_methods_and_documents_them(kernel):
    """Loading all sources takes it a while after the first cell; then it answers."""
    kernel.ok('let orders = df!("a" => [1])?; let é = 1;')
    assert kernel.ok(":type orders") == "orders: DataFrame\n"
    # On a machine that is busy with other tests it takes minutes.
    end = time.time() + 400
    code = "let s = 'é'; orders.colu"
    while time.time() < end:
        found = kernel.reply(kernel.client.complete(code, len(code)), timeout=30)["content"]
        if any(match.startswith("column(") or match == "column" for match in found["matches"]):
            break
        time.sleep(1)
    assert any(match.startswith("column") for match in found["matches"]), found
    assert (found["cursor_start"], found["cursor_end"]) == (len(code) - 4, len(code))
    shown = kernel.reply(kernel.client.inspect("orders.height()", 10), timeout=30)["content"]
    assert shown["found"] and "height" in shown["data"]["text/plain"]


def test_columns_complete_inside_strings(kernel):
    """At once, and as the last cell left them."""
    kernel.ok('let mut orders = df!("price" => [1], "price_net" => [2])?; let n = 1;')

    def complete(code):
        found = kernel.reply(kernel.client.complete(code, len(code)), timeout=5)["content"]
        return found["matches"], code[found["cursor_start"] : found["cursor_end"]]

    assert complete('n; orders.clone().lazy().filter(col("pri') == (["price", "price_net"], "pri")
    kernel.ok('orders.rename("price", "prix".into())?;')
    assert complete('orders["pri') == (["prix", "price_net"], "pri")
    kernel.ok("drop(orders);")
    assert "prix" not in complete('col("pri')[0]


def test_history_is_kept_across_sessions(own):
    first = own()
    first.ok("let of_the_first = 1;")
    first.ok("of_the_first + 1")
    second = own()
    second.ok("let of_the_second = 1;")

    def history(**request):
        message = second.client.session.msg("history_request", request)
        second.client.shell_channel.send(message)
        return second.reply(message["header"]["msg_id"])["content"]["history"]

    tail = history(hist_access_type="tail", n=3, output=False, raw=True)
    assert [row[2] for row in tail] == ["let of_the_first = 1;", "of_the_first + 1", "let of_the_second = 1;"]
    assert history(hist_access_type="tail", n=2, output=True, raw=True)[0][2] == ["of_the_first + 1", "2"]
    assert [row[2] for row in history(hist_access_type="range", session=0, start=1, stop=9, output=False, raw=True)] == ["let of_the_second = 1;"]
    found = history(hist_access_type="search", pattern="*of_the_first*", n=5, unique=True, output=False, raw=True)
    assert [row[2] for row in found][-2:] == ["let of_the_first = 1;", "of_the_first + 1"]


def test_destructors_run_at_the_end(own, tmp_path):
    """What a variable has buffered is in its file after `:clear`, a shutdown, and a headless run."""
    kernel = own()
    write = 'use std::io::Write; let mut file = std::io::BufWriter::new(std::fs::File::create("{}")?); write!(file, "whole")?;'
    for name, end in [("clear", lambda: kernel.ok(":clear")), ("shutdown", kernel.stop)]:
        kernel.ok(write.format(tmp_path / name))
        assert (tmp_path / name).read_text() == ""
        end()
        assert (tmp_path / name).read_text() == "whole"


def test_restart_forgets(own):
    kernel = own()
    kernel.ok("let x = 1;")
    kernel.manager.restart_kernel(now=False)
    kernel.client.wait_for_ready(timeout=60)
    assert kernel.run("x")[0]["status"] == "error"
    assert kernel.ok("1 + 1") == "2"


def test_a_wrong_signature_is_ignored(kernel):
    key = kernel.client.session.key
    kernel.client.session.key = b"another key"
    message_id = kernel.send("1 + 1")
    kernel.client.session.key = key
    with pytest.raises(AssertionError):
        kernel.reply(message_id, timeout=2)
    assert kernel.ok("2 + 2") == "4"


def test_garbage_is_ignored(kernel):
    info = kernel.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.DEALER) as garbage:
        garbage.linger = 0
        garbage.connect(f"tcp://{info['ip']}:{info['shell_port']}")
        garbage.send_multipart([b"nothing", b"<IDS|MSG>", b"", b"not json"])
        garbage.send(b"\x00\xff")
        time.sleep(0.2)
    with socket.create_connection((info["ip"], info["shell_port"])) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert kernel.ok("2 + 2") == "4"


def test_heartbeat_echoes(kernel):
    info = kernel.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.REQ) as heart:
        heart.linger = 0
        heart.connect(f"tcp://{info['ip']}:{info['hb_port']}")
        for beat in [b"ping", b"\x00other"]:
            heart.send(beat)
            assert heart.poll(5000) and heart.recv() == beat


def test_iopub_welcome(kernel):
    info = kernel.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.SUB) as listener:
        listener.linger = 0
        listener.connect(f"tcp://{info['ip']}:{info['iopub_port']}")
        listener.subscribe(b"")
        assert listener.poll(5000)
        parts = listener.recv_multipart()
    session = kernel.client.session
    message = session.deserialize(session.feed_identities(parts)[1])
    assert message["msg_type"] == "iopub_welcome" and message["content"] == {"subscription": ""}


def children(pid):
    out = subprocess.run(["ps", "-eo", "pid,ppid,comm"], capture_output=True, text=True, check=True).stdout
    return {int(p): name for p, parent, name in (line.split(None, 2) for line in out.splitlines()[1:]) if int(parent) == pid}


def kernel_pid(kernel):
    return kernel.manager.provisioner.process.pid


def test_a_killed_process_of_cells_is_replaced(own):
    kernel = own()
    kernel.ok("let x = 1;")
    (pid,) = [pid for pid, name in children(kernel_pid(kernel)).items() if name == "pfe-runtime"]
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert "`x`" in kernel.fails("x")[1]
    assert kernel.ok("1 + 1") == "2"


def test_two_kernels_at_once(own):
    first, second = own(), own()
    first.ok("let x = 1; struct A;")
    second.ok('let x = "two"; struct A(i32);')
    assert first.ok("x") == "1" and second.ok("x") == '"two"'


def test_nothing_is_left_behind(own, tmp_path):
    kernel = own(env={"TMPDIR": str(tmp_path)})
    kernel.ok("1 + 1")
    msg_id = running_cell(kernel, 'println!("started"); loop {}')
    pids = [kernel_pid(kernel), *children(kernel_pid(kernel))]
    kernel.manager.shutdown_kernel(now=False)
    end = time.time() + 10
    while time.time() < end and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_killed_kernel_takes_its_cells_along(own):
    kernel = own()
    kernel.ok("1 + 1")
    pids = list(children(kernel_pid(kernel)))
    os.kill(kernel_pid(kernel), signal.SIGKILL)
    end = time.time() + 10
    while time.time() < end and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_full_disk_is_an_error_and_the_kernel_lives_on(own):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
        try:
            kernel = own(env={"TMPDIR": folder})
            kernel.ok("let x = 1;")
            filler = Path(folder) / "filler"
            try:
                filler.write_bytes(b"x" * (16 << 20))
            except OSError:
                pass
            assert "space" in kernel.fails("let y = 2;")[1].lower()
            filler.unlink()
            assert kernel.ok("x") == "1"
            kernel.stop()
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.slow
def test_a_thousand_cells_in_flat_memory(own):
    kernel = own()

    def memory():
        pids = [kernel_pid(kernel), *children(kernel_pid(kernel))]
        lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("RssAnon")]
        return sum(int(line.split()[1]) for line in lines) / 1024

    def settled():
        """Once rust-analyzer, which loads in the background, has ended to."""
        before, now = 0, memory()
        while abs(now - before) > 10:
            time.sleep(10)
            before, now = now, memory()
        return now

    kernel.ok("let mut total = 0i64;")
    figures = []
    for n in range(1000):
        kernel.ok(f"total += {n}; let v = vec![total; 10]; v.len()")
        if n in (99, 999):
            figures.append(settled())
    assert kernel.ok("total") == str(sum(range(1000)))
    print(f"anonymous memory after 100 and 1000 cells: {figures[0]:.0f} and {figures[1]:.0f} MB")
    assert figures[1] - figures[0] < 150
