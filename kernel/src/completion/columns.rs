//! Completes the columns of the session's DataFrames inside strings, as in `col("…")`.

use super::protocol::{Context, Match, Matches};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, SyntaxToken, ast};

/// Completes at byte `at`, if it is in a string that an expression takes as an argument or index.
pub(super) fn columns(context: &Context, code: &str, at: usize) -> Option<Matches> {
    if context.columns.is_empty() {
        return None;
    }
    // A cell is the body of a function: its statements parse as such only there.
    let head = "fn f() {";
    let file = SourceFile::parse(&format!("{head}{code}\n}}"), Edition::Edition2024).syntax_node();
    let place = u32::try_from(head.len() + at).ok()?;
    let string = file.token_at_offset(place.into()).find(|it| it.kind() == SyntaxKind::STRING)?;
    // The quote at its end may not be typed yet.
    let before = usize::from(string.text_range().start()) + string.text().find('"')? + 1 - head.len();
    let written = code.get(before..at).filter(|it| !it.contains(['\n', '\\', '"']))?;
    if !is_argument(&string) {
        return None;
    }
    let mentioned = |frame: &str| {
        let is_name = |it: &SyntaxToken| it.kind() == SyntaxKind::IDENT && it.text() == frame;
        file.descendants_with_tokens().filter_map(|it| it.into_token()).any(|it| is_name(&it))
    };
    // A frame of which the cell speaks is meant; without one, any may be.
    let (meant, all): (Vec<_>, Vec<_>) = context.columns.iter().partition(|(frame, _)| mentioned(frame));
    let frames = if meant.is_empty() { all } else { meant };
    let mut matches: Vec<Match> = Vec::new();
    for column in frames.iter().flat_map(|(_, columns)| *columns).filter(|it| it.starts_with(written)) {
        let found = Match { text: column.escape_default().to_string(), kind: "field".to_owned() };
        if !matches.contains(&found) {
            matches.push(found);
        }
    }
    Some(Matches { matches, range: before..at })
}

/// Returns whether an expression takes the string: by itself, or as an element of an array or tuple.
fn is_argument(string: &SyntaxToken) -> bool {
    let expressions = string.parent_ancestors().skip_while(|it| {
        use SyntaxKind::{ARRAY_EXPR, LITERAL, REF_EXPR, TUPLE_EXPR};
        matches!(it.kind(), LITERAL | ARRAY_EXPR | REF_EXPR | TUPLE_EXPR)
    });
    expressions
        .into_iter()
        .next()
        .is_some_and(|it| ast::ArgList::can_cast(it.kind()) || ast::IndexExpr::can_cast(it.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(code: &str) -> Option<Vec<String>> {
        let mut context = Context::default();
        let names = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        context.columns.insert("orders".into(), names(&["price", "price_net", "état"]));
        context.columns.insert("shops".into(), names(&["name", "price"]));
        let at = code.find('|').unwrap_or_default();
        let found = columns(&context, &code.replace('|', ""), at)?;
        assert!(code[found.range].chars().all(|c| c.is_alphanumeric() || c == '_'));
        Some(found.matches.into_iter().map(|it| it.text).collect())
    }

    #[test]
    fn columns_complete_where_an_argument_is_a_string() {
        let own = |names: &[&str]| Some(names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(complete("let é = 1; col(\"pri|\")"), own(&["price", "price_net"]));
        assert_eq!(complete("shops.column(\"|\")?"), own(&["name", "price"]));
        assert_eq!(complete("orders[\"price_|\"]"), own(&["price_net"]));
        assert_eq!(complete("orders.select([\"price\", \"pr|\"])?;"), own(&["price", "price_net"]));
        // Without a closing quote, as one types.
        assert_eq!(complete("orders.clone().lazy().filter(col(\"price_|"), own(&["price_net"]));
        assert_eq!(complete("col(\"absent|\")"), own(&[]));
        for none in ["let a = \"pr|\";", "// col(\"pr|\")", "println!(\"pr|\")", "pr|", "col(pr|)", "col(\"pr\"|)"] {
            assert_eq!(complete(none), None, "{none}");
        }
    }
}
