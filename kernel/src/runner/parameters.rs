//! `--param key=value` → a cell of injected parameters after the cell tagged `parameters`, as in papermill. Checks the
//! type of each value.

use super::notebook::Notebook;
use crate::error::{Error, Result};
use ra_ap_syntax::ast::{self, HasName, LiteralKind};
use ra_ap_syntax::{AstNode, Edition, SourceFile};

/// A parameter that the notebook declares.
#[derive(Debug, PartialEq, Eq)]
struct Declared {
    name: String,
    /// `i64`, `f64`, `bool`, `char`, `&str` or `String`.
    ty: String,
    mutable: bool,
}

/// Checks all values, then inserts or replaces the cell tagged `injected-parameters`. A wrong value changes nothing.
pub(super) fn inject(notebook: &mut Notebook, values: &[(String, String)]) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let Some(index) = notebook.find_tag("parameters") else {
        return Err(Error::message("the notebook takes no parameters")
            .hint("tag the cell that declares them with `parameters`"));
    };
    let declared = declarations(&notebook.source(index));
    let mut source = String::from("// Parameters of this run");
    for (name, value) in values {
        let Some(parameter) = declared.iter().find(|declared| declared.name == *name) else {
            let known: Vec<String> =
                declared.iter().map(|declared| format!("`{}: {}`", declared.name, declared.ty)).collect();
            return Err(Error::message(format!("the notebook has no parameter `{name}`"))
                .hint(format!("parameters: {}", known.join(", "))));
        };
        let mutable = if parameter.mutable { "mut " } else { "" };
        source.push_str(&format!("\nlet {mutable}{name}: {} = {};", parameter.ty, literal(parameter, value)?));
    }
    match notebook.find_tag("injected-parameters") {
        Some(old) => notebook.put_cell(old, true, &source, "injected-parameters"),
        None => notebook.put_cell(index + 1, false, &source, "injected-parameters"),
    }
    Ok(())
}

/// Returns the `let`s of a cell that have a type annotation, or a value whose type is evident.
fn declarations(source: &str) -> Vec<Declared> {
    let file = SourceFile::parse(&format!("fn f(){{{source}\n}}"), Edition::Edition2024);
    let body = file.tree().syntax().children().find_map(ast::Fn::cast).and_then(|function| function.body());
    let statements = body.into_iter().flat_map(|body| body.statements().collect::<Vec<_>>());
    statements
        .filter_map(|statement| {
            let ast::Stmt::LetStmt(statement) = statement else { return None };
            let ast::Pat::IdentPat(pattern) = statement.pat()? else { return None };
            let ty = match statement.ty() {
                Some(ty) => ty.syntax().text().to_string().replace("&'static str", "&str"),
                None => type_of(&statement.initializer()?)?.to_owned(),
            };
            Some(Declared { name: pattern.name()?.text().to_string(), ty, mutable: pattern.mut_token().is_some() })
        })
        .collect()
}

fn type_of(value: &ast::Expr) -> Option<&'static str> {
    match value {
        ast::Expr::PrefixExpr(negated) => type_of(&negated.expr()?),
        ast::Expr::Literal(literal) => Some(match literal.kind() {
            LiteralKind::IntNumber(number) => match number.suffix() {
                Some("f32") | Some("f64") => "f64",
                Some("i64") => "i64",
                Some("u32") => "u32",
                Some("u64") => "u64",
                Some("usize") => "usize",
                _ => "i32",
            },
            LiteralKind::FloatNumber(_) => "f64",
            LiteralKind::Bool(_) => "bool",
            LiteralKind::Char(_) => "char",
            LiteralKind::String(_) => "&str",
            _ => return None,
        }),
        // `"x".to_owned()`, `String::from("x")`
        ast::Expr::MethodCallExpr(call) => {
            let owns = call
                .name_ref()
                .is_some_and(|name| ["to_owned", "to_string", "into"].iter().any(|own| name.text() == *own));
            (owns && type_of(&call.receiver()?) == Some("&str")).then_some("String")
        }
        ast::Expr::CallExpr(call) => (call.expr()?.syntax().text() == "String::from").then_some("String"),
        _ => None,
    }
}

/// Converts a value to Rust source. Fails if it is not of the parameter's type.
fn literal(parameter: &Declared, value: &str) -> Result<String> {
    let Declared { name, ty, .. } = parameter;
    let wrong = || {
        Error::message(format!(
            "parameter `{name}` is {} `{ty}`, not `{value}`",
            if ty.starts_with(['i', 'u']) { "an" } else { "a" }
        ))
    };
    let fits = match ty.as_str() {
        "i8" => value.parse::<i8>().is_ok(),
        "i16" => value.parse::<i16>().is_ok(),
        "i32" => value.parse::<i32>().is_ok(),
        "i64" => value.parse::<i64>().is_ok(),
        "u8" => value.parse::<u8>().is_ok(),
        "u16" => value.parse::<u16>().is_ok(),
        "u32" => value.parse::<u32>().is_ok(),
        "u64" | "usize" => value.parse::<u64>().is_ok(),
        "f32" | "f64" => {
            return value
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(|number| format!("{number:?}"))
                .ok_or_else(wrong);
        }
        "bool" => value.parse::<bool>().is_ok(),
        "char" => return value.parse::<char>().map(|character| format!("{character:?}")).map_err(|_| wrong()),
        "&str" => return Ok(format!("{value:?}")),
        "String" => return Ok(format!("String::from({value:?})")),
        _ => {
            return Err(Error::message(format!(
                "parameter `{name}` has the type `{ty}`, which cannot be given on the command line"
            )));
        }
    };
    if fits { Ok(value.trim_start_matches('+').to_owned()) } else { Err(wrong()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn types_come_from_the_declaration() {
        let found = declarations(
            "let horizon: u32 = 3;\nlet mut rate = -0.5;\nlet state = \"SP\";\nlet name = \"x\".to_owned();\nlet other = f();",
        );
        let found: Vec<(&str, &str, bool)> =
            found.iter().map(|it| (it.name.as_str(), it.ty.as_str(), it.mutable)).collect();
        assert_eq!(
            found,
            [("horizon", "u32", false), ("rate", "f64", true), ("state", "&str", false), ("name", "String", false)]
        );
    }

    #[test]
    fn values_of_another_type_are_refused() {
        let declared = |ty: &str| Declared { name: "x".into(), ty: ty.into(), mutable: false };
        assert_eq!(literal(&declared("f64"), "2").unwrap(), "2.0");
        assert_eq!(literal(&declared("&str"), "a\"b").unwrap(), "\"a\\\"b\"");
        for (ty, value) in [("u32", "-1"), ("i32", "three"), ("bool", "1"), ("f64", "1; panic!()"), ("Vec<u8>", "1")] {
            assert!(literal(&declared(ty), value).is_err(), "{ty} {value}");
        }
    }
}
