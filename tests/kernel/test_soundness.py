"""A value is never read as one of another type: not through erasure, nor through what a type only rests on."""

import random
import re


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
