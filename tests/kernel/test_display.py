"""What a cell shows."""

import time
from queue import Empty

from conftest import text


def data(messages, kind="execute_result"):
    return [message["content"]["data"] for message in messages if message["msg_type"] == kind]


def test_dataframe_is_a_table_with_a_text_twin(kernel):
    _, messages = kernel.run('df!("state" => ["SP", "RJ & <b>"], "sales" => [Some(1.5), None])?')
    (shown,) = data(messages)
    html = shown["text/html"]
    assert "2 rows × 2 columns" in html and '<th class="n">sales' in html and "f64" in html
    assert "RJ &amp; &lt;b&gt;" in html and "<i>null</i>" in html
    assert "shape: (2, 2)" in shown["text/plain"]


def test_numbers_are_written_to_be_read(kernel):
    html = data(kernel.run('df!("x" => [1164301.19, 0.1 + 0.2, 2.0, -0.0, 1e-9, 1e300, f64::NAN])?')[1])[0]["text/html"]
    for cell in ["1164301.19", "0.3", "2.0", "-0.0", "1e-9", "1e300", "NaN"]:
        assert f'>{cell}</td>' in html, cell


def test_a_table_is_kept_as_json_for_printing(kernel):
    table = data(kernel.run('df!("state" => ["SP", "RJ"], "n" => [Some(1), None])?')[1])[0]["application/vnd.pfe.table+json"]
    assert table["rows"] == [["SP", "1"], ["RJ", "null"]]
    assert [column["numeric"] for column in table["columns"]] == [False, True]


def test_long_tables_are_cut(kernel):
    html = data(kernel.run('df!("n" => (0..1234).collect::<Vec<i32>>())?')[1])[0]["text/html"]
    assert "1,234 rows" in html and html.count("<tr>") < 20 and ">1233<" in html and ">700<" not in html


def test_lazyframe_shows_its_first_rows(kernel):
    html = data(kernel.run('df!("n" => (0..50).collect::<Vec<i32>>())?.lazy()')[1])[0]["text/html"]
    assert "first 10 rows of a LazyFrame" in html


def test_figures_and_markdown(kernel):
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><title>a figure</title></svg>"
    (shown,) = data(kernel.run(f'Svg::new("{svg}".into())')[1])
    assert shown == {"image/svg+xml": svg, "text/plain": "a figure"}
    assert data(kernel.run('Markdown("**b**")')[1])[0]["text/markdown"] == "**b**"


def test_display_update_and_clear(kernel):
    _, messages = kernel.run('let d = display("one"); d.update("two"); clear_output(true); println!("end");')
    kinds = [message["msg_type"] for message in messages]
    assert kinds == ["execute_input", "display_data", "update_display_data", "clear_output", "stream"]
    ids = [message["content"]["transient"]["display_id"] for message in messages[1:3]]
    assert ids[0] == ids[1]
    # From a later cell, too.
    _, later = kernel.run('d.update("three");')
    assert later[1]["content"]["transient"]["display_id"] == ids[0]


def test_printed_text_comes_before_what_is_displayed_after_it(kernel):
    _, messages = kernel.run('for i in 0..50 { print!("{i} "); display(i); }')
    assert text(messages) == "".join(f"{i} {i}" for i in range(50))


def test_stdout_and_stderr(kernel):
    _, messages = kernel.run('println!("out"); eprintln!("err");')
    streams = {m["content"]["name"]: m["content"]["text"] for m in messages if m["msg_type"] == "stream"}
    assert streams == {"stdout": "out\n", "stderr": "err\n"}


def test_stdout_and_stderr_keep_their_order(kernel):
    _, messages = kernel.run('for i in 0..20 { println!("o{i}"); eprintln!("e{i}"); }')
    assert text(messages) == "".join(f"o{i}\ne{i}\n" for i in range(20))
    _, messages = kernel.run('println!("before"); std::process::Command::new("echo").arg("child").status()?; println!("after");')
    assert text(messages) == "before\nchild\nafter\n"
    assert kernel.ok('use std::io::Write; std::io::stdout().write_all(b"\\xff\\xc3")?; std::io::stdout().write_all(b"\\xa9\\n")?;') == "\ufffdé\n"


def test_a_thread_prints_to_the_cell_that_started_it(kernel):
    tick = 'std::thread::spawn(|| { for i in 0..4 { std::thread::sleep(std::time::Duration::from_millis(200)); println!("tick {i}"); if i == 2 { display("shown"); } } });'
    first = kernel.send(tick)
    # The next cell is not swallowed, and gets nothing of it; the last outputs come while no cell runs.
    second = kernel.send('std::thread::sleep(std::time::Duration::from_millis(300)); println!("own");')
    assert kernel.reply(first)["content"]["status"] == kernel.reply(second)["content"]["status"] == "ok"
    seen = {first: "", second: ""}
    end = time.time() + 10
    while time.time() < end and "tick 3" not in seen[first]:
        try:
            message = kernel.client.get_iopub_msg(timeout=1)
        except Empty:
            continue
        if message["msg_type"] in ("stream", "display_data"):
            seen[message["parent_header"]["msg_id"]] += text([message])
    assert seen == {first: 'tick 0\ntick 1\ntick 2\n"shown"tick 3\n', second: "own\n"}
    assert kernel.ok("1 + 1") == "2"


def test_long_values_are_cut(kernel):
    for value in ["(0..1_000_000).collect::<Vec<i32>>()", '"x".repeat(1_000_000)', "(0..1_000_000).map(|n| (n, n)).collect::<std::collections::BTreeMap<_, _>>()"]:
        shown = kernel.ok(value)
        assert "not shown" in shown and len(shown) < 40_000 and shown.count("\n") <= 41
    assert kernel.ok("(0..30).collect::<Vec<i32>>()").count("\n") == 0


def test_text_streams_without_waiting_for_the_end_of_a_line(kernel):
    msg_id = kernel.send('print!("half "); std::thread::sleep(std::time::Duration::from_secs(3)); println!("whole");')
    start = time.time()
    while True:
        message = kernel.client.get_iopub_msg(timeout=10)
        if message["msg_type"] == "stream" and message["parent_header"].get("msg_id") == msg_id:
            break
    assert message["content"]["text"] == "half " and time.time() - start < 2
    kernel.published(msg_id)


def test_a_progress_bar_is_updated_in_place(kernel):
    _, messages = kernel.run('let mut bar = Progress::new("months", 3); for _ in 0..3 { bar.step(); }')
    kinds = [message["msg_type"] for message in messages]
    assert kinds.count("display_data") == 1 and kinds[-1] == "update_display_data"
    assert messages[-1]["content"]["data"]["text/plain"] == "months: 3 / 3"


def test_a_flood_of_output_is_cut(kernel):
    _, messages = kernel.run('let line = "x".repeat(1 << 20); for _ in 0..1024 { println!("{line}"); }', timeout=120)
    shown = text(messages)
    assert len(shown) < 20 << 20 and "the rest is not shown" in shown
    assert kernel.ok("1 + 1") == "2"


def test_any_type_can_be_shown(kernel):
    assert kernel.ok("struct Plain; Plain").endswith("Plain")
    assert kernel.ok("#[derive(Debug)] struct D { a: i32 } D { a: 1 }") == "D { a: 1 }"
    assert kernel.ok('struct S; impl Show for S { fn show(&self) -> Bundle { Bundle::text("own") } } S') == "own"
