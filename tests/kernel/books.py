"""Small notebooks to run."""

import json


def notebook(*cells, tags=None, language="rust"):
    """A notebook of code cells; `tags` by position."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"display_name": "Rust (pfe)", "language": language, "name": "pfe"},
            "language_info": {"name": language},
            "of_another_tool": {"kept": [3, 2, 1]},
        },
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "execution_count": None,
                "metadata": {"tags": (tags or {}).get(number, [])},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
    }


GOOD = notebook(
    "let horizon: u32 = 3;\nlet state = \"SP\";",
    'println!("{state} {horizon}");\neprintln!("a warning");',
    'let sales = df!("month" => [1, 2, 3], "sales" => [1.5, 2.5, 4.0])?;\nsales',
    "let total: f64 = sales.column(\"sales\")?.f64()?.sum().unwrap_or(0.0);\nfn scaled(x: f64, by: u32) -> f64 { x * f64::from(by) }\nscaled(total, horizon)",
    "Svg::new(format!(\"<svg xmlns='http://www.w3.org/2000/svg' width='80' height='{}'><title>sales</title><rect width='40' height='{total}'/></svg>\", 20))",
    'let shown = display(Markdown("**before**"));',
    'shown.update(&Markdown("**after**"));\nlet mut bar = Progress::new("months", 3);\nfor _ in 0..3 { bar.step(); }',
    tags={0: ["parameters"]},
)

FAILING = notebook("let a = 1;", "println!(\"{a}\");", "let v: Vec<i32> = vec![];\nv[a as usize]", "println!(\"never\");")


def write(path, book):
    path.write_text(json.dumps(book))
    return path
