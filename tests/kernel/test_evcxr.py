"""What notebooks written for evcxr expect: its commands, its content, its files, and habits from IPython."""

import re

import pytest
from conftest import text
from test_display import data

COMMANDS = """allow_static_linking 1,build_env A=1,cache 100,clear_cache,codegen_backend,doc String,efmt {},fmt {:#?},internal_debug,
last_compile_dir,linker lld,load_config,offline 1,preserve_vars_on_panic 1,quit,sccache 1,time_passes,toolchain nightly,types"""


def test_commands_that_are_not_needed_say_so_and_the_cell_goes_on(kernel):
    commands = [command.strip() for command in COMMANDS.split(",")]
    said = kernel.ok("\n".join(f":{command}" for command in commands) + "\n1 + 1")
    for command in commands:
        assert f"note: `:{command.split()[0]}` does nothing: " in said, command
    assert said.endswith("2")


def test_commands_that_work(kernel):
    assert "rustc 1." in kernel.ok(":version") and "polars" in kernel.ok(":show_deps")
    kernel.ok(":env PFE_TEST=a b")
    assert kernel.ok('std::env::var("PFE_TEST")?') == '"a b"'
    assert kernel.ok(":opt") == "optimisation level: auto\n"
    kernel.ok("let n = 1u8;")
    assert kernel.ok(":t n") == "n: u8\n"


def test_errors_are_explained(kernel):
    kernel.fails('let x: i32 = "a";')
    (page,) = kernel.run(":explain")[0]["payload"]
    assert "expected" in page["data"]["text/plain"]
    assert '"E0308"' in kernel.ok(":last_error_json")
    assert "no error" in kernel.fails(":explain E9999")[1]


def test_restart_drops_variables_and_keeps_functions(kernel):
    kernel.ok("let gone = 1; fn kept() -> u8 { 2 }")
    assert "`gone`" in kernel.ok(":restart")
    kernel.fails("gone")
    assert kernel.ok("kept()") == "2"


def test_evcxr_display_comes_first(kernel):
    _, messages = kernel.run(
        'struct M; impl M { fn evcxr_display(&self) { println!("EVCXR_BEGIN_CONTENT text/html\\n<b>m</b>\\nEVCXR_END_CONTENT\\nEVCXR_BEGIN_CONTENT text/plain\\nm\\nEVCXR_END_CONTENT"); } }\nM'
    )
    assert data(messages, "display_data") == [{"text/html": "<b>m</b>", "text/plain": "m"}] and not data(messages)
    # Types without it are shown as ever, also behind references.
    assert kernel.ok("&vec![1, 2]") == "[1, 2]" and kernel.ok('"a".to_owned()') == '"a"' and kernel.ok("struct N; N").endswith("N")


def test_content_stands_between_what_is_printed(kernel):
    _, messages = kernel.run('println!("before"); println!("EVCXR_BEGIN_CONTENT image/svg+xml\\n<svg/>\\nEVCXR_END_CONTENT"); println!("after");')
    kinds = [message["msg_type"] for message in messages if message["msg_type"] != "execute_input"]
    assert kinds == ["stream", "display_data", "stream"]
    assert data(messages, "display_data")[0]["image/svg+xml"] == "<svg/>"
    assert kernel.ok('print!("EVCXR_BEGIN_CONTENT never ended");') == "EVCXR_BEGIN_CONTENT never ended"


def test_shell_lines(kernel):
    assert kernel.ok("!echo from the shell | tr a-z A-Z\nlet b = 1;\nb") == "FROM THE SHELL\n1"
    assert kernel.ok("!ls -d /") == "/\n"
    assert "exit status: 3" in kernel.fails("!sh -c 'exit 3'")[1]
    assert kernel.ok("let flag = false;\n!flag") == "true"
    # Characters stay whole, and a flood has an end.
    assert kernel.ok("!printf a; yes é | head -40000 | tr -d '\\n'") == "a" + "é" * 40000
    flood = kernel.ok("!yes | head -c 30000000")
    assert "more than 8 MB printed" in flood and len(flood) < 9 << 20


@pytest.mark.parametrize(
    "magic, says",
    [
        ("%%bash\nfor i in 1 2; do echo $i; done", "1\n2\n"),
        ("%%time\n1 + 1", "`:timing` shows"),
        ("%matplotlib inline\n1 + 1", "figures are shown"),
        ("%pip install polars", "`:dep name"),
    ],
)
def test_magics(kernel, magic, says):
    shown = kernel.ok(magic)
    assert says in shown and ("1 + 1" not in magic or shown.endswith("2"))


def test_magics_that_show_a_cell(kernel):
    _, messages = kernel.run("%%html\n<b>not Rust</b>")
    assert data(messages, "display_data")[0]["text/html"] == "<b>not Rust</b>"
    assert "no magic `%nothing`" in kernel.fails("%nothing")[1]


def test_files_of_evcxr_run_before_the_first_cell(own, tmp_path):
    (tmp_path / "init.evcxr").write_text(":opt 1\nlet from_init = 1;\n")
    (tmp_path / "prelude.rs").write_text("fn from_prelude() -> u8 { 2 }\n")
    (tmp_path / "evcxr.toml").write_text('[evcxr]\nprelude = "const FROM_TABLE: u8 = 3;"\n')
    kernel = own(env={"EVCXR_CONFIG_DIR": str(tmp_path)})
    assert kernel.ok("(from_init, from_prelude(), FROM_TABLE)") == "(1, 2, 3)"
    assert kernel.ok(":opt") == "optimisation level: 1\n"
    # A file that fails is named, and costs no cell.
    (tmp_path / "init.evcxr").write_text("nothing_like_this")
    kernel = own(env={"EVCXR_CONFIG_DIR": str(tmp_path)})
    said = kernel.ok("1 + 1")
    assert re.search(r"init.evcxr` failed: .*nothing_like_this", said) and said.endswith("2")


def test_evcxr_input_asks_the_front_end(kernel):
    msg_id = kernel.send('evcxr_input::get_string("name? ")', allow_stdin=True)
    request = kernel.client.get_stdin_msg(timeout=60)
    assert request["content"]["prompt"] == "name? "
    kernel.client.input("Ada")
    assert text(kernel.published(msg_id)) == '"Ada"'
    kernel.reply(msg_id)
