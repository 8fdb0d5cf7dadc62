"""Kinds of cells that broke other kernels: each test is one kind, in cells of its own.

Where the project's public cases are beside the worktree, they run too, as they are written."""

import json
import re
import time
from pathlib import Path

import pytest
from conftest import text

CASES = Path(__file__).parents[3] / "shared/kernel_cases.json"
PUBLIC = json.loads(CASES.read_text()) if CASES.exists() else []


@pytest.mark.parametrize("case", [case for case in PUBLIC if "driver" not in case], ids=lambda case: case["id"])
def test_a_public_case(own, tmp_path, case):
    kernel = own(cwd=tmp_path)
    printed = []
    for number, (cell, status) in enumerate(zip(case["cells"], case["must_status"]), 1):
        reply, messages = kernel.run(cell)
        seen = text(messages) + "\n".join(reply.get("traceback", []))
        assert status in ("any", reply["status"]), f"cell {number}: {reply['status']}\n{cell}\n{seen}"
        printed.append(seen)
    shown = "\n".join(printed)
    assert case["must_match"] is None or re.search(case["must_match"], shown), shown
    for request in case.get("requests", []):
        msg_id = kernel.client.inspect(request["code"], request["cursor_pos"])
        found = kernel.reply(msg_id)["content"]
        assert found["found"] and "Doubles." in found["data"]["text/plain"], found


@pytest.mark.parametrize("case", [case for case in PUBLIC if "driver" in case], ids=lambda case: case["id"])
def test_a_public_case_with_interrupts(own, tmp_path, case):
    kernel = own(cwd=tmp_path)
    for cell, status in zip(case["cells"], case["must_status"]):
        if "started" not in cell:
            reply, _ = kernel.run(cell)
            assert status in ("any", reply["status"]), reply
            continue
        msg_id = kernel.send(cell)
        wait_for(kernel, msg_id, "started")
        time.sleep(1)
        start = time.time()
        kernel.interrupt()
        reply = kernel.reply(msg_id, timeout=15)["content"]
        assert reply["status"] == "error" and time.time() - start < 15, reply


def wait_for(kernel, msg_id, word):
    end = time.time() + 60
    while time.time() < end:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == msg_id and word in message["content"].get("text", ""):
            return
    raise AssertionError(f"`{word}` was not printed")


def test_the_newest_impl_counts_however_it_is_written(kernel):
    kernel.ok("mod shapes { pub trait Area { fn area(&self) -> f64; } }\nuse shapes::Area;\nstruct Sq(f64);\nstruct Pair<A, B>(A, B);")
    kernel.ok("impl Area for Sq { fn area(&self) -> f64 { 1.0 } }")
    assert kernel.ok("impl shapes::Area for Sq { fn area(&self) -> f64 { 2.0 } }\nSq(0.0).area()") == "2.0"
    kernel.ok("impl<A: Copy, B: Copy> Area for Pair<A, B> { fn area(&self) -> f64 { 3.0 } }")
    assert kernel.ok("impl<X, Y> Area for Pair<X, Y> where X: Copy, Y: Copy { fn area(&self) -> f64 { 4.0 } }\nPair(1, 2).area()") == "4.0"
    # Inherent methods too, and a conversion.
    kernel.ok("impl Sq { fn side(&self) -> f64 { self.0 } }")
    assert kernel.ok("impl self::Sq { fn side(&self) -> f64 { -self.0 } }\nSq(2.0).side()") == "-2.0"
    kernel.ok("impl From<Sq> for f64 { fn from(it: Sq) -> f64 { it.0 } }")
    assert kernel.ok("impl std::convert::From<Sq> for f64 { fn from(it: Sq) -> f64 { 10.0 * it.0 } }\nlet side: f64 = Sq(2.0).into();\nside") == "20.0"


def test_what_no_longer_fits_is_named_and_never_poisons(kernel):
    kernel.ok("trait Greet { fn hello(&self) -> String; }\nstruct Dog;\nstruct Cat;\nlet kept = 5u32;")
    kernel.ok("impl Greet for Dog { fn hello(&self) -> String { \"wuff\".into() } }\nfn greet(it: &dyn Greet) -> String { it.hello() }\nfn twice(x: u32) -> u32 { 2 * x }")
    said = kernel.ok("trait Greet { fn hello(&self, loud: bool) -> String; }\nimpl Greet for Cat { fn hello(&self, loud: bool) -> String { if loud { \"MIAU\" } else { \"miau\" }.into() } }\nCat.hello(true)")
    assert '"MIAU"' in said and "impl Greet for Dog" in said
    assert kernel.ok("Cat.hello(false)") == '"miau"'
    assert kernel.ok("twice(kept)") == "10"


def test_macros_that_make_items(kernel):
    kernel.ok("macro_rules! point { ($name:ident { $($field:ident: $ty:ty),* }) => { #[derive(Debug, Default, PartialEq)] struct $name { $($field: $ty),* } impl $name { const FIELDS: usize = [$(stringify!($field)),*].len(); } }; }")
    kernel.ok("point!(Flat { x: i32, y: i32 });\nlet origin = Flat::default();")
    assert kernel.ok("(Flat::FIELDS, &origin)") == "(2, Flat { x: 0, y: 0 })"
    # A macro that calls a macro; run again, the items are replaced.
    kernel.ok("macro_rules! solid { ($name:ident) => { point!($name { x: i32, y: i32, z: i32 }); }; }\nsolid!(Cube);")
    assert kernel.ok("solid!(Cube);\nCube::FIELDS") == "3"
    assert "redefined" in kernel.fails("point!(Flat { x: f64 });\norigin")[1]


def test_statics_keep_their_value(kernel):
    kernel.ok("use std::sync::{Mutex, LazyLock, atomic::{AtomicUsize, Ordering::Relaxed}};\nstatic COUNT: AtomicUsize = AtomicUsize::new(10);\nfn next() -> usize { static CALLS: AtomicUsize = AtomicUsize::new(0); CALLS.fetch_add(1, Relaxed) + 1 }\nmod inner { pub static mut RAW: i32 = 3; }\nstruct Seq;\nimpl Seq { fn id(&self) -> usize { static IDS: AtomicUsize = AtomicUsize::new(100); IDS.fetch_add(1, Relaxed) } }")
    assert kernel.ok("COUNT.fetch_add(1, Relaxed); next(); unsafe { inner::RAW += 1; } Seq.id()") == "100"
    assert kernel.ok("(COUNT.load(Relaxed), next(), unsafe { inner::RAW }, Seq.id())") == "(11, 2, 4, 101)"
    kernel.ok("static NAMES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| Mutex::new(vec![\"a\".into()]));\nthread_local! { static DEPTH: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![1]); static LEVEL: std::cell::Cell<u8> = const { std::cell::Cell::new(7) } }\nlazy_static! { static ref OLD: Mutex<i32> = Mutex::new(1); }")
    kernel.ok("NAMES.lock().unwrap().push(\"b\".into()); DEPTH.with_borrow_mut(|it| it.push(2)); LEVEL.set(8); *OLD.lock().unwrap() += 1;")
    assert kernel.ok("(NAMES.lock().unwrap().join(\"\"), DEPTH.with_borrow(|it| it.len()), LEVEL.get(), *OLD.lock().unwrap())") == '("ab", 2, 8, 2)'
    # Other items leave them alone; a panic too; a new definition starts over.
    kernel.ok("fn unrelated() {}\nstruct Other;")
    kernel.fails("COUNT.store(20, Relaxed); panic!()")
    assert kernel.ok("COUNT.load(Relaxed)") == "20"
    assert kernel.ok("static COUNT: AtomicUsize = AtomicUsize::new(1);\nCOUNT.load(Relaxed)") == "1"


def test_attributes_docs_and_comments(kernel):
    assert kernel.ok("/// Adds.\n#[inline]\nfn add(a: i32, b: i32) -> i32 {\n    #![allow(unused)]\n    //! Inside.\n    a + b // end\n}\nadd(1, 2)") == "3"
    assert "E0554" in kernel.fails("#![feature(box_patterns)]\n1")[1]
    assert kernel.ok("\ufeff// first\r\nlet crlf = 1;\r\ncrlf + 1") == "2"
    assert kernel.ok("const SUM: u32 = { let mut n = 0; let mut i = 0; while i < 4 { n += i; i += 1; } n };\nSUM") == "6"
    kernel.ok("let CAPITAL = 3;\nlet r#type = 4;")
    assert kernel.ok("CAPITAL + r#type") == "7"


def test_lines_that_only_look_like_commands(kernel):
    assert kernel.ok('let t = "a\n:vars\n:help";\nt.len()') == "13"
    assert kernel.ok("let n = 3;\n  :type t\n(n\n    , ::std::mem::size_of::<u8>())").endswith("(3, 1)")
    assert kernel.ok("let off = true;\n!off") == "false"


def test_extern_crates_symbols_and_files_beside_the_notebook(own, tmp_path):
    kernel = own(cwd=tmp_path)
    (tmp_path / "beside.txt").write_text("12345")
    for _ in range(2):
        assert kernel.ok("extern crate alloc;\nuse alloc::rc::Rc as Shared;\nShared::new(1)") == "1"
    for value in (4, 5):
        assert kernel.ok(f'#[unsafe(no_mangle)]\npub extern "C" fn entry() -> i32 {{ {value} }}\nentry()') == str(value)
    assert kernel.ok('unsafe extern "C" { safe fn abs(n: i32) -> i32; safe fn labs(n: i64) -> i64; }\nabs(-3)') == "3"
    assert kernel.ok("labs(-4)") == "4"
    assert kernel.ok('(include_str!("beside.txt").len(),\nline!())') == "(5, 2)"
