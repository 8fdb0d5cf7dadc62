//! Which parts of a cell run often: loops and chains of iterators. Only these are worth the optimiser's time. Functions that
//! call themselves do not count: optimised, one without an end runs forever instead of telling of its stack. Next: `compile`.

use ra_ap_syntax::{SyntaxKind, SyntaxNode, SyntaxToken, T};

/// Methods that begin or drive an iterator, and those that call a closure for each element of a slice or collection. Not
/// `map` or `sum`: polars has them too, and its expressions run in the library, which is optimised already.
const DRIVERS: [&str; 40] = [
    "iter",
    "iter_mut",
    "into_iter",
    "par_iter",
    "par_iter_mut",
    "into_par_iter",
    "chars",
    "char_indices",
    "bytes",
    "lines",
    "split_whitespace",
    "windows",
    "chunks",
    "chunks_exact",
    "par_chunks",
    "keys",
    "values",
    "values_mut",
    "into_values",
    "into_keys",
    "drain",
    "retain",
    "for_each",
    "fold",
    "try_fold",
    "sort_by",
    "sort_by_key",
    "sort_unstable_by",
    "sort_unstable_by_key",
    "sort_by_cached_key",
    "binary_search_by",
    "partition_point",
    "dedup_by",
    "dedup_by_key",
    "from_fn",
    "repeat_with",
    "successors",
    "into_no_null_iter",
    "apply_values",
    "array_windows",
];

/// Returns whether code outside of constants runs more than once when the node runs once.
pub(super) fn repeats(node: &SyntaxNode) -> bool {
    node.descendants().any(|it| is_loop(&it)) || tokens(node).any(|token| drives(&token))
}

fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.descendants_with_tokens().filter_map(|it| it.into_token()).filter(|token| !token.kind().is_trivia())
}

fn is_loop(node: &SyntaxNode) -> bool {
    match node.kind() {
        SyntaxKind::LOOP_EXPR | SyntaxKind::WHILE_EXPR | SyntaxKind::FOR_EXPR => true,
        // `(0..n).map(…)`
        SyntaxKind::METHOD_CALL_EXPR => {
            let receiver = node.first_child().filter(|it| it.kind() == SyntaxKind::PAREN_EXPR);
            receiver.and_then(|it| it.first_child()).is_some_and(|it| it.kind() == SyntaxKind::RANGE_EXPR)
        }
        _ => false,
    }
}

/// Returns whether a token begins a loop in the arguments of a macro, or names a method that drives an iterator.
fn drives(token: &SyntaxToken) -> bool {
    let in_macro = token.parent().is_some_and(|it| it.kind() == SyntaxKind::TOKEN_TREE);
    match token.kind() {
        T![for] | T![while] | T![loop] => in_macro,
        SyntaxKind::IDENT => {
            let called = matches!(super::names::next(token).map(|it| it.kind()), Some(T!['('] | T![:]));
            let is_name = token.parent().is_some_and(|it| it.kind() == SyntaxKind::NAME);
            called && !is_name && DRIVERS.contains(&token.text())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::Cell;

    #[test]
    fn loops_and_iterators_repeat() {
        for source in [
            "for i in 0..3 {}",
            "loop { break }",
            "let s: u64 = (0..9u64).map(|x| x ^ 3).sum();",
            "v.iter().sum::<f64>()",
            "println!(\"{}\", v.iter().count());",
            "{ while a < 3 { a += 1 } }",
            "v.sort_by(|a, b| b.cmp(a));",
        ] {
            assert!(Cell::parse(source).repeats, "{source}");
        }
        for source in
            ["1 + 1", "df.lazy().group_by([col(\"a\")]).agg([col(\"b\").sum()]).collect()?", "a..b", "fn f() {}"]
        {
            assert!(!Cell::parse(source).repeats, "{source}");
        }
    }

    #[test]
    fn an_item_repeats_by_itself() {
        let cell = Cell::parse(
            "fn sum(v: &[u32]) -> u32 { v.iter().sum() }\nfn f() { f() }\nimpl I for A {}\nmacro_rules! l { () => { loop {} } }\nsum(&[3])",
        );
        assert!(!cell.repeats);
        assert_eq!(cell.items.iter().map(|item| item.repeats).collect::<Vec<_>>(), [true, false, false, true]);
    }
}
