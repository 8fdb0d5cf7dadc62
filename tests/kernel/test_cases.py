"""Kinds of cells that broke other kernels: each test is one kind, in cells of its own. Above all, a value
is never read as one of another type: not through erasure, nor through what a type only rests on.

Where the project's public cases are beside the worktree, they run too, as they are written."""

import json
import random
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
    assert kernel.ok("#![allow(dead_code)]\n//! Notes of the cell.\n/*! More. */\nlet noted = 4;\nnoted") == "4"
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


def test_an_erased_value_is_not_read_as_its_new_type(kernel):
    kernel.ok("use std::any::Any;\nstruct P(u64);\nlet boxed: Box<dyn Any> = Box::new(P(7));")
    assert kernel.ok("boxed.downcast_ref::<P>().is_some()") == "true"
    kernel.ok("struct P(String);")
    assert kernel.ok("boxed.downcast_ref::<P>().is_some()") == "false"
    # The same definition in another cell is the same type; so it is after items that have nothing to do with it.
    kernel.ok("let boxed: Box<dyn Any> = Box::new(P(\"a\".into()));")
    kernel.ok("fn q() {}\nstruct Q;\nimpl Iterator for P { type Item = u8; fn next(&mut self) -> Option<u8> { None } }")
    assert kernel.ok("boxed.downcast_ref::<P>().unwrap().0.len()") == "1"
    assert kernel.ok("struct P(String);\nboxed.downcast_ref::<P>().is_some()") == "true"


def test_what_a_type_rests_on_is_part_of_it(kernel):
    kernel.ok("use std::any::Any;\ntrait Has { type Out: Default; const N: usize; }\nstruct Key;\nimpl Has for Key { type Out = u64; const N: usize = 1; }\nstruct Held(<Key as Has>::Out);\nstruct Generic<T: Has>(T::Out);\nstruct Many([u8; <Key as Has>::N]);\nconst fn size() -> usize { 2 }\nstruct Sized2([u8; size()]);\ntype Alias = u32;\nstruct Named(Alias);\nuse Alias as Renamed;\nstruct ByUse(Renamed);\nmacro_rules! field { () => { u16 } }\nstruct ByMacro(field!());\nmod inner { pub struct In(pub u8); }\nuse inner::*;\nstruct ByGlob(In);")
    names = {"Held": "Default::default()", "Generic::<Key>": "Default::default()", "Many": "[0; _]", "Sized2": "[0; _]", "Named": "0", "ByUse": "0", "ByMacro": "0", "ByGlob": "In(0)"}
    make = "".join(f"let e{at}: Box<dyn Any> = Box::new({name}({value}));\n" for at, (name, value) in enumerate(names.items()))
    check = "[" + ", ".join(f"e{at}.is::<{name}>()" for at, name in enumerate(names)) + "]"
    kernel.ok(make)
    assert kernel.ok(check) == "[" + ", ".join(["true"] * len(names)) + "]"
    for cell, gone in [
        ("impl Has for Key { type Out = String; const N: usize = 1; }", {0, 1, 2}),
        ("const fn size() -> usize { 3 }", {3}),
        ("type Alias = String;", {4, 5}),
        ("macro_rules! field { () => { String } }", {6}),
        ("mod inner { pub struct In(pub String); }", {7}),
    ]:
        kernel.ok(cell)
        seen = kernel.ok(check).strip("[]").split(", ")
        assert {at for at, there in enumerate(seen) if there == "false"} >= gone, (cell, seen)
        kernel.ok(make.replace("Named(0)", "Named(Default::default())").replace("ByUse(0)", "ByUse(Default::default())").replace("ByMacro(0)", "ByMacro(Default::default())").replace("In(0)", "In(Default::default())"))


def test_types_inside_of_functions_and_cells_are_of_their_own(kernel):
    kernel.ok("use std::any::Any;\nfn hide() -> Box<dyn Any> { struct Local(u64); Box::new(Local(7)) }\nfn seek(it: &dyn Any) -> bool { struct Local(u64); it.is::<Local>() }\nlet a = hide();\nlet b: Box<dyn Any> = { enum Inner { A(u64) } Box::new(Inner::A(1)) };\nlet c: Box<dyn Any> = (|| { enum E { A(u64) } Box::new(E::A(1)) as Box<dyn Any> })();")
    assert kernel.ok("fn hide() -> Box<dyn Any> { struct Local(String); Box::new(Local(String::new())) }\nfn same(it: &dyn Any) -> bool { struct Local(String); it.is::<Local>() }\n(seek(&*a), same(&*a))") == "(false, false)"
    assert kernel.ok("{ enum Inner { A(String) } b.is::<Inner>() }") == "false"
    assert kernel.ok("(|| { enum E { A(String) } c.is::<E>() })()") == "false"


def test_an_edited_path_crate_is_another_crate(own, tmp_path):
    kernel = own(cwd=tmp_path)
    (tmp_path / "little/src").mkdir(parents=True)
    (tmp_path / "little/Cargo.toml").write_text('[package]\nname = "little"\nversion = "0.1.0"\nedition = "2024"\n')
    source = tmp_path / "little/src/lib.rs"
    source.write_text("pub struct Thing(pub u64);\n")
    kernel.ok(f":dep {tmp_path}/little")
    kernel.ok("struct Holds(little::Thing);\nlet erased: Box<dyn std::any::Any> = Box::new(little::Thing(7));\nlet holds: Box<dyn std::any::Any> = Box::new(Holds(little::Thing(7)));\nlet typed = little::Thing(7);")
    assert kernel.ok("(erased.is::<little::Thing>(), holds.is::<Holds>(), typed.0)") == "(true, true, 7)"
    source.write_text("pub struct Thing(pub String);\n")
    kernel.ok(f":dep {tmp_path}/little")
    assert kernel.ok("(erased.is::<little::Thing>(), holds.is::<Holds>())") == "(false, false)"
    assert "dropped" in kernel.fails("typed.0")[1]


def test_random_types_that_are_redefined(own):
    """Types of random fields rest on each other directly, by alias, associated type and constant. Each round redefines one
    thing. A value must be lost if the layout of its type changed, and kept if nothing it rests on did."""
    kernel = own()
    rng = random.Random(7)
    size = 6
    kernel.ok("use std::any::Any;\ntrait Has { type Out: Default; }")
    items = {}

    def field(below):
        choices = ["u64", "String", "Vec<u8>", "[u8; C]", "(u8, A)"]
        for at in range(below):
            choices += [f"T{at}", f"Option<Box<T{at}>>", f"<T{at} as Has>::Out"]
        return rng.choice(choices)

    def define(name):
        if name == "C":
            return f"const C: usize = {rng.randint(1, 9)};"
        if name == "A":
            return f"type A = {rng.choice(['u8', 'String', 'i64'])};"
        at = int(name[1:])
        if name[0] == "H":
            return f"impl Has for T{at} {{ type Out = {field(at)}; }}"
        fields = ", ".join(f"f{number}: {field(at)}" for number in range(rng.randint(1, 3)))
        return f"#[derive(Default)] struct T{at} {{ {fields} }}"

    def layout(text):
        """A type written out: what a value of it is made of."""
        text = re.sub(r"<T(\d) as Has>::Out", lambda m: layout(re.search(r"Out = (.*); }", items[f"H{m[1]}"])[1]), text)
        text = re.sub(r"\bT(\d)\b", lambda m: f"T{m[1]}<{layout(re.search(r'{ (.*) }', items[f'T{m[1]}'])[1])}>".replace("T", "#"), text)
        text = re.sub(r"\bA\b", re.search(r"= (.*);", items["A"])[1], text)
        return re.sub(r"\bC\b", re.search(r"= (.*);", items["C"])[1], text)

    def rests_on(name, seen):
        if name in seen:
            return seen
        seen.add(name)
        if name == "Has":
            used = {f"H{at}" for at in range(size)}
        else:
            used = set(re.findall(r"\b(?:T\d|A|C|Has)\b", items[name].split("= ", 1)[-1] if name in "AC" else items[name]))
            used |= {f"H{name[1]}"} if name[0] == "T" else set()
        for other in used:
            rests_on(other, seen)
        return seen

    names = ["C", "A"] + [f"{kind}{at}" for at in range(size) for kind in "TH"]
    for name in names:
        items[name] = define(name)
    # An item a cell: a type that is redefined takes the `impl`s beside it along.
    for name in names:
        kernel.ok(items[name])
    values = {}
    for _ in range(14):
        missing = [at for at in range(size) if at not in values]
        kernel.ok("".join(f"let e{at}: Box<dyn Any> = Box::new(T{at}::default());\n" for at in missing))
        values.update({at: layout(f"T{at}") for at in missing})
        changed = rng.choice(names)
        before = items[changed]
        items[changed] = define(changed)
        kernel.ok(items[changed])
        seen = kernel.ok("[" + ", ".join(f"e{at}.is::<T{at}>()" for at in range(size)) + "]").strip("[]").split(", ")
        for at, there in enumerate(seen):
            now = layout(f"T{at}")
            told = f"{before} -> {items[changed]}: T{at} was {values[at]}, is {now}"
            assert there == "false" or now == values[at], told
            if before == items[changed] or changed not in rests_on(f"T{at}", set()):
                assert there == "true", told
            if there == "false":
                del values[at]
