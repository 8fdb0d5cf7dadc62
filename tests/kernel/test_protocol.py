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


def test_a_cell_that_does_not_stop_is_killed_and_says_what_was_lost(kernel):
    kernel.ok("let lost = 7; fn kept() -> i32 { 1 }")
    msg_id = running_cell(kernel, 'println!("started"); std::process::Command::new("sleep").arg("300").status()?;')
    kernel.interrupt()
    content = kernel.reply(msg_id, timeout=15)["content"]
    assert content["status"] == "error" and "`lost`" in "\n".join(content["traceback"])
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


def test_comms(kernel):
    session = kernel.client.session
    message = session.msg("comm_open", {"comm_id": "c1", "target_name": "unknown", "data": {}})
    kernel.client.shell_channel.send(message)
    closed = kernel.published(message["header"]["msg_id"])
    assert [m["msg_type"] for m in closed] == ["comm_close"] and closed[0]["content"]["comm_id"] == "c1"
    msg_id = kernel.client.comm_info()
    assert kernel.reply(msg_id)["content"] == {"status": "ok", "comms": {}}


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
    end = time.time() + 120
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
