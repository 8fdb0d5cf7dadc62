"""`:save` and `:load`: variables that outlive their session."""

import pytest

DEFINE = """
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Plan { shop: String, weeks: Option<u8>, shares: Vec<f64> }
"""


def test_saved_variables_outlive_their_session(own, tmp_path):
    kernel = own(cwd=tmp_path)
    kernel.ok(DEFINE)
    kernel.ok('let mut orders = df!("id" => [1i64, 2], "state" => [Some("SP"), None], "é" => [0.1 + 0.2, f64::NAN])?;')
    kernel.ok('let plan = Plan { shop: "até logo".into(), weeks: None, shares: vec![1.0 / 3.0, f64::INFINITY] };')
    kernel.ok("let counts = std::collections::BTreeMap::from([((1u8, 'a'), i64::MIN)]);")
    assert kernel.ok(":save orders plan counts") == "saved `orders`\nsaved `plan`\nsaved `counts`\n"
    shown = kernel.ok("orders")
    kernel.stop()
    later = own(cwd=tmp_path)
    assert later.ok(":load") == "counts\norders\nplan\n"
    later.ok(DEFINE)
    later.ok(":load orders plan counts")
    assert later.ok("orders") == shown
    assert later.ok('plan == Plan { shop: "até logo".into(), weeks: None, shares: vec![1.0 / 3.0, f64::INFINITY] }') == "true"
    assert later.ok("counts[&(1, 'a')]") == str(-(2**63))
    # It was `mut`, and its columns kept their types.
    later.ok('orders.with_column(Column::new("n".into(), [1i64, 2]))?;')
    assert later.ok(":type orders") == "orders: DataFrame\n"
    # Saved again, the new value counts.
    later.ok(":save orders")
    later.ok(":clear\n:load orders")
    assert later.ok("orders.width()") == "4"


def test_what_cannot_be_saved_is_named(own, tmp_path):
    kernel = own(cwd=tmp_path)
    kernel.ok("let lock = std::sync::Mutex::new(vec![1]); struct P; let p = vec![P];")
    _, said = kernel.fails(":save p")
    assert "P" in said and "Serialize" in said
    _, said = kernel.fails(":save absent")
    assert "there is no variable `absent`" in said
    _, said = kernel.fails(":load p")
    assert "nothing is saved as `p`" in said
    assert kernel.ok("*lock.lock()? == [1]") == "true"
    assert kernel.ok(":load") == "nothing is saved\n"


@pytest.mark.parametrize("value", ['df!("a" => [1])?', "vec![1u64, 2]"])
def test_a_damaged_file_is_an_error_and_costs_nothing(own, tmp_path, value):
    kernel = own(cwd=tmp_path)
    kernel.ok(f"let kept = 7; let x = {value};")
    kernel.ok(":save x")
    file = tmp_path / ".pfe-saved/x"
    file.write_bytes(file.read_bytes()[:-1])
    kernel.fails(":load x")
    assert kernel.ok("kept") == "7"
    assert (tmp_path / ".pfe-saved").stat().st_mode & 0o777 == 0o700
