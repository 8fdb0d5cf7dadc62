//! Places in an item where generated code must change it: what other modules shall see, and its statics.

use super::edit::Edit;
use ra_ap_syntax::ast::{self, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, SyntaxKind, SyntaxNode, TextRange};
use std::ops::Range;

/// A `static` in an item, also in a function. Ranges are byte ranges of the cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticPlace {
    /// The whole item, with its attributes.
    pub whole: Range<usize>,
    /// The keyword `static`.
    pub keyword: Range<usize>,
    /// From `=` to the end of its initial value.
    pub value: Range<usize>,
    /// Whether it is `static mut`.
    pub mutable: bool,
}

impl StaticPlace {
    /// Returns the edits that make its cell define the symbol `symbol`.
    pub fn defined_as(&self, symbol: &str) -> Vec<Edit> {
        vec![Edit::inline(self.whole.start..self.whole.start, format!("#[unsafe(export_name = \"{symbol}\")] "))]
    }

    /// Returns the edits that make it refer to the symbol `symbol` of an earlier cell.
    pub fn refers_to(&self, symbol: &str) -> Vec<Edit> {
        let open = format!("unsafe extern \"Rust\" {{ #[link_name = \"{symbol}\"] ");
        let mut edits = vec![Edit::inline(self.whole.start..self.whole.start, open)];
        if !self.mutable {
            edits.push(Edit::inline(self.keyword.clone(), "safe static".to_owned()));
        }
        edits.push(Edit::inline(self.value.clone(), String::new()));
        edits.push(Edit::inline(self.whole.end..self.whole.end, " }".to_owned()));
        edits
    }
}

fn bytes(range: TextRange) -> Range<usize> {
    usize::from(range.start())..usize::from(range.end())
}

/// Returns the statics in an item.
pub(super) fn statics(item: &SyntaxNode) -> Vec<StaticPlace> {
    let place = |it: ast::Static| {
        let keyword = bytes(it.static_token()?.text_range());
        let value = bytes(it.eq_token()?.text_range()).start..bytes(it.semicolon_token()?.text_range()).start;
        let whole = bytes(it.syntax().text_range());
        Some(StaticPlace { whole, keyword, value, mutable: it.mut_token().is_some() })
    };
    item.descendants().filter_map(ast::Static::cast).filter_map(place).collect()
}

/// Returns where to insert `pub(crate)`, so that an item in a module of its own is as visible as at the root: before the
/// item, its fields and the members of an `impl` or `extern` block.
pub(super) fn hidden(item: &ast::Item) -> Vec<usize> {
    let mut nodes: Vec<SyntaxNode> = Vec::new();
    let mut add = |node: &dyn NodeWithVisibility| nodes.extend(node.without_visibility());
    match item {
        ast::Item::Struct(it) => {
            add(it);
            fields(it.syntax(), &mut add);
        }
        ast::Item::Union(it) => {
            add(it);
            fields(it.syntax(), &mut add);
        }
        ast::Item::Enum(it) => add(it),
        ast::Item::TypeAlias(it) => add(it),
        ast::Item::Trait(it) => add(it),
        ast::Item::Module(it) => add(it),
        ast::Item::Fn(it) => add(it),
        ast::Item::Static(it) => add(it),
        ast::Item::Const(it) if it.name().is_some() => add(it),
        ast::Item::Impl(it) if it.trait_().is_none() => {
            for member in it.assoc_item_list().into_iter().flat_map(|list| list.assoc_items()) {
                match member {
                    ast::AssocItem::Fn(it) => add(&it),
                    ast::AssocItem::Const(it) => add(&it),
                    ast::AssocItem::TypeAlias(it) => add(&it),
                    ast::AssocItem::MacroCall(_) => {}
                }
            }
        }
        ast::Item::ExternBlock(it) => {
            for member in it.extern_item_list().into_iter().flat_map(|list| list.extern_items()) {
                match member {
                    ast::ExternItem::Fn(it) => add(&it),
                    ast::ExternItem::Static(it) => add(&it),
                    ast::ExternItem::TypeAlias(it) => add(&it),
                    ast::ExternItem::MacroCall(_) => {}
                }
            }
        }
        _ => {}
    }
    nodes.iter().filter_map(after_attributes).collect()
}

fn fields(item: &SyntaxNode, add: &mut dyn FnMut(&dyn NodeWithVisibility)) {
    for list in item.children() {
        for field in list.children() {
            if let Some(field) = ast::RecordField::cast(field.clone()) {
                add(&field);
            } else if let Some(field) = ast::TupleField::cast(field) {
                add(&field);
            }
        }
    }
}

/// Object-safe access to the visibility of a node.
trait NodeWithVisibility {
    fn without_visibility(&self) -> Option<SyntaxNode>;
}

impl<T: HasVisibility> NodeWithVisibility for T {
    fn without_visibility(&self) -> Option<SyntaxNode> {
        self.visibility().is_none().then(|| self.syntax().clone())
    }
}

fn after_attributes(node: &SyntaxNode) -> Option<usize> {
    let skipped = |kind| matches!(kind, SyntaxKind::ATTR | SyntaxKind::COMMENT | SyntaxKind::WHITESPACE);
    let first = node.children_with_tokens().find(|it| !skipped(it.kind()))?;
    Some(usize::from(first.text_range().start()))
}
